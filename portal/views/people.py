"""PENDING"""
from django.http import HttpResponse
def create(request, *a, **k): return HttpResponse(status=501)
def my_devices(request, *a, **k): return HttpResponse(status=501)
def people(request, *a, **k): return HttpResponse(status=501)
def person_page(request, *a, **k): return HttpResponse(status=501)
def sign_in_link(request, *a, **k): return HttpResponse(status=501)
def sign_out_device(request, *a, **k): return HttpResponse(status=501)
