"""The page that asks whether an app may sign in, as the portal shows it."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.messages import get_messages
from django.middleware.csrf import get_token
from django.urls import get_script_prefix
from django.utils.html import escape
from django.utils.translation import get_language

from oauth_provider.endpoints.authorize import AuthorizeView
from portal.pages.context_processors import shell

_HOLE = re.compile("\ue000([a-z_]+)\ue000")  # of a private use area: no text for people has it
_MOST = 500
_pages: dict[tuple[object, ...], str] = {}


class ConsentView(AuthorizeView):
    """Renders the page once for each look of it, and puts what differs from person to person into its holes."""

    def consent(self, context: dict[str, Any], **of_person: str) -> str:
        if len(get_messages(self.request)):  # shown once
            return super().consent(context, **of_person)
        look = shell(self.request)
        key = (
            context["app"], context["realm"].title, context["realm"].issuer, tuple(context["permissions"]),
            look["theme"], look["organisation"], look["is_embedded"], get_language(), get_script_prefix(),
        )  # fmt: skip
        page = _pages.get(key)
        if page is None:
            holes = {name: f"\ue000{name}\ue000" for name in ("csrf_token", *of_person)}
            page = super().consent(context, **holes)
            if len(_pages) >= _MOST:
                _pages.clear()
            _pages[key] = page
        values = {"csrf_token": get_token(self.request), **of_person}
        return _HOLE.sub(lambda hole: escape(values.get(hole[1], "")), page)
