"""PENDING"""
from django.http import HttpResponse
def activity(request, *a, **k): return HttpResponse(status=501)
def export_csv(request, *a, **k): return HttpResponse(status=501)
