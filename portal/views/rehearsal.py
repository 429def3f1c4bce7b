"""PENDING"""
from django.http import HttpResponse
def progress(request, *a, **k): return HttpResponse(status=501)
def rehearsal(request, *a, **k): return HttpResponse(status=501)
def rehearse(request, *a, **k): return HttpResponse(status=501)
