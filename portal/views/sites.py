"""PENDING"""
from django.http import HttpResponse
def archive(request, *a, **k): return HttpResponse(status=501)
def create(request, *a, **k): return HttpResponse(status=501)
def edit(request, *a, **k): return HttpResponse(status=501)
def export_csv(request, *a, **k): return HttpResponse(status=501)
def import_csv(request, *a, **k): return HttpResponse(status=501)
def plugins(request, *a, **k): return HttpResponse(status=501)
def restore(request, *a, **k): return HttpResponse(status=501)
def site(request, *a, **k): return HttpResponse(status=501)
def sites(request, *a, **k): return HttpResponse(status=501)
