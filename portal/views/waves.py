"""PENDING"""
from django.http import HttpResponse
def create(request, *a, **k): return HttpResponse(status=501)
def wave(request, *a, **k): return HttpResponse(status=501)
def waves(request, *a, **k): return HttpResponse(status=501)
