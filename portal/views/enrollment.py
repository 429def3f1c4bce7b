"""PENDING"""
from django.http import HttpResponse
def done(request, *a, **k): return HttpResponse(status=501)
def landing(request, *a, **k): return HttpResponse(status=501)
