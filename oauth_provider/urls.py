"""PENDING"""

urlpatterns = []
