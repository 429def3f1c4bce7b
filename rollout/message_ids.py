"""Marks texts for translation in packages without Django. Pure: standard library only."""

from __future__ import annotations


def gettext_noop(message: str) -> str:
    """Return the message unchanged: an English message id, translated where it is shown.

    Pure packages do not import Django, whose function of this name does the same. ``makemessages`` collects the
    arguments of functions that xgettext knows: this one, or ``_``, as which it is imported.
    """
    return message
