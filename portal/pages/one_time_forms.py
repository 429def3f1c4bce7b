"""A form that does its deed once: a reload of the page that a POST answered does not do it again.

1. The page carries an id that the reader's own session knows.
2. The deed, and the note in the session that it was done, are one transaction under a lock on the person's row: of two
   clicks on one button the second waits, and then finds the note.
3. A deed that is refused leaves no note, so a corrected form goes through.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from portal.accounts.access import person
from portal.models import User

KEY = "one_time_forms"
MOST = 30  # open forms of one person; the oldest is forgotten
Made = TypeVar("Made")


class FormSentError(Exception):
    """The form was sent before. ``where`` is the page of what it made, empty when the form is not known any more."""

    def __init__(self, where: str) -> None:
        super().__init__("this form was sent before")
        self.where = where


def new_form_id(request: HttpRequest) -> str:
    """Return an id for a hidden field named ``form_id``."""
    forms = dict(request.session.get(KEY, {}))
    form_id = secrets.token_urlsafe(12)
    forms[form_id] = ""
    request.session[KEY] = dict(list(forms.items())[-MOST:])
    return form_id


def send_once(request: HttpRequest, action: Callable[[], tuple[Made, str]]) -> Made:
    """Do the deed of the form in this POST and return what it made. Raises FormSentError, and whatever the deed raises.

    The deed returns what it made and the page of it.
    """
    form_id = request.POST.get("form_id", "")
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person(request).pk)
        stored = type(request.session)(request.session.session_key)
        forms = dict(stored.get(KEY, {}))
        request.session[KEY] = forms
        if forms.get(form_id) != "":
            raise FormSentError(forms.get(form_id, ""))
        made, where = action()
        forms[form_id] = where
        stored[KEY] = request.session[KEY] = forms
        stored.save()
    return made


def sent_before(request: HttpRequest, sent: FormSentError, form_url: str) -> HttpResponse:
    """Lead to what the form made, or back to the form when it is not known any more, and say so."""
    if sent.where:
        words = _("This form was already submitted. Its link was shown then; if it is lost, create a new one.")
        messages.info(request, words)
    else:
        messages.warning(request, _("This form was open for too long and nothing was saved. Fill it in again."))
    return redirect(sent.where or form_url)
