"""Template tags for notices and webhook deliveries."""

from __future__ import annotations

from typing import Any

from django import template

from portal.presenters import notices

register = template.Library()


@register.simple_tag
def notice_sentence(kind: str, details: dict[str, Any]) -> str:
    """Return a notice as a sentence without the site's name."""
    return notices.sentence(kind, details)


@register.simple_tag
def attempt_result(attempt: dict[str, Any]) -> str:
    """Return the result of one delivery attempt."""
    return notices.attempt_result(attempt)
