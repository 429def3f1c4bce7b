"""An observation for a template: ``{% observed observation as seen %}``."""

from __future__ import annotations

from django import template

from portal.presenters.observations import Observed, read
from rollout.compatibility.observation import Observation

register = template.Library()


@register.simple_tag
def observed(observation: Observation | None) -> Observed | None:
    """What ``presenters.observations`` reads of it; None when there is none, or when it holds what it should not."""
    try:
        return read(observation) if observation else None
    except (AttributeError, TypeError, ValueError):  # stored by hand or by another version
        return None
