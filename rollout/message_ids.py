"""Marks text for people where no language is known yet. Pure: the bottom of the domain, standard library only."""

from __future__ import annotations


def gettext_noop(message: str) -> str:
    """The message itself, an English message id; the reader's language is put in where it is shown.

    Pure rooms import no Django, whose function of this name does the same. ``makemessages`` collects what is called
    with a name that xgettext knows: this one, or ``_`` as it is imported everywhere.
    """
    return message
