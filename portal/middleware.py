"""Shows times in the reader's zone."""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

# Read once: listing the zones walks the whole time zone database.
_known_zones = functools.cache(zoneinfo.available_timezones)


class ReaderTimeZoneMiddleware:
    """Activates the zone that the page's script left in the ``time_zone`` cookie; an unknown one is ignored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get("time_zone", "")
        zone = zoneinfo.ZoneInfo(name) if name in _known_zones() else None
        with timezone.override(zone):
            return self.get_response(request)
