"""PENDING"""
urlpatterns = []
