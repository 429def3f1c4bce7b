"""PENDING"""
from django.http import HttpResponse
def overview(request, *a, **k): return HttpResponse(status=501)
def style(request, *a, **k): return HttpResponse(status=501)
