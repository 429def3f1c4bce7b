"""Template tag for the observation of a check: ``{% observed observation as seen %}``."""

from __future__ import annotations

from django import template

from portal.presenters.observations import Observed, read
from rollout.compatibility.observation import Observation

register = template.Library()


@register.simple_tag
def observed(observation: Observation | None) -> Observed | None:
    """Return the facts and requests of an observation; None when there is none or its content is invalid."""
    try:
        return read(observation) if observation else None
    except (AttributeError, TypeError, ValueError):  # edited in the database, or stored by another version
        return None
