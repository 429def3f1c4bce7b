"""PENDING"""
from django.http import HttpResponse
def healthz(request, *a, **k): return HttpResponse(status=501)
def metrics(request, *a, **k): return HttpResponse(status=501)
def readyz(request, *a, **k): return HttpResponse(status=501)
