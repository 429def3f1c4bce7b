"""What templates say of notices and deliveries."""

from __future__ import annotations

from typing import Any

from django import template

from portal.presenters import notices

register = template.Library()


@register.simple_tag
def notice_sentence(kind: str, details: dict[str, Any]) -> str:
    """What a notice says, without the site's name."""
    return notices.sentence(kind, details)


@register.simple_tag
def attempt_words(attempt: dict[str, Any]) -> str:
    """What became of one attempt at a delivery."""
    return notices.attempt(attempt)
