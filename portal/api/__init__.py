"""The JSON API, one router a resource; it calls the same services as the views."""

from ninja import NinjaAPI

api = NinjaAPI(title="Gatepass", version="1", urls_namespace="api")
