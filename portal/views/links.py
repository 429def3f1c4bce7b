"""PENDING"""
from django.http import HttpResponse
def revoke(request, *a, **k): return HttpResponse(status=501)
def rotate(request, *a, **k): return HttpResponse(status=501)
def switch(request, *a, **k): return HttpResponse(status=501)
def wizard(request, *a, **k): return HttpResponse(status=501)
