"""PENDING"""
from django.http import HttpResponse
def check_now(request, *a, **k): return HttpResponse(status=501)
def check_run(request, *a, **k): return HttpResponse(status=501)
def check_selected(request, *a, **k): return HttpResponse(status=501)
def history(request, *a, **k): return HttpResponse(status=501)
def progress(request, *a, **k): return HttpResponse(status=501)
