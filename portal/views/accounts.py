"""PENDING"""
from django.http import HttpResponse
def theme(request, *a, **k): return HttpResponse(status=501)
def welcome(request, *a, **k): return HttpResponse(status=501)
