"""PENDING"""
from django.http import HttpResponse
def create(request, *a, **k): return HttpResponse(status=501)
def enrollment_pass(request, *a, **k): return HttpResponse(status=501)
def export_csv(request, *a, **k): return HttpResponse(status=501)
def my_passes(request, *a, **k): return HttpResponse(status=501)
def passes(request, *a, **k): return HttpResponse(status=501)
def qr(request, *a, **k): return HttpResponse(status=501)
def renew(request, *a, **k): return HttpResponse(status=501)
def revoke(request, *a, **k): return HttpResponse(status=501)
