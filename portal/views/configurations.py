"""PENDING"""
from django.http import HttpResponse
def build(request, *a, **k): return HttpResponse(status=501)
def configurations(request, *a, **k): return HttpResponse(status=501)
def download(request, *a, **k): return HttpResponse(status=501)
def lint(request, *a, **k): return HttpResponse(status=501)
def publish(request, *a, **k): return HttpResponse(status=501)
def release(request, *a, **k): return HttpResponse(status=501)
