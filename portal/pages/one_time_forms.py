"""Forms that can be submitted only once: reloading the page after a POST does not repeat the action.

1. The page contains an id that is stored in the person's session.
2. The action and the note in the session that it was done are one transaction under a lock on the person's row. When a
   button is clicked twice, the second request waits and then reads the note.
3. A rejected action leaves no note, so a corrected form is accepted.
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
MAX_OPEN_FORMS = 30  # per person; older ones are dropped
Created = TypeVar("Created")


class FormSentError(Exception):
    """The form was submitted before. ``url`` is the page of what it created; empty when the form is unknown."""

    def __init__(self, url: str) -> None:
        super().__init__("this form was already submitted")
        self.url = url


def new_form_id(request: HttpRequest) -> str:
    """Return an id for a hidden field named ``form_id``."""
    forms = dict(request.session.get(KEY, {}))
    form_id = secrets.token_urlsafe(12)
    forms[form_id] = ""
    request.session[KEY] = dict(list(forms.items())[-MAX_OPEN_FORMS:])
    return form_id


def send_once(request: HttpRequest, action: Callable[[], tuple[Created, str]]) -> Created:
    """Perform the action of the submitted form and return what it created.

    ``action`` returns what it created and the URL of its page. Raises FormSentError when the form was submitted before,
    and all exceptions of ``action``.
    """
    form_id = request.POST.get("form_id", "")
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person(request).pk)
        stored = type(request.session)(request.session.session_key)
        forms = dict(stored.get(KEY, {}))
        request.session[KEY] = forms
        if forms.get(form_id) != "":
            raise FormSentError(forms.get(form_id, ""))
        created, url = action()
        forms[form_id] = url
        stored[KEY] = request.session[KEY] = forms
        stored.save()
    return created


def sent_before(request: HttpRequest, sent: FormSentError, form_url: str) -> HttpResponse:
    """Redirect to what the form created, or back to the form when it is unknown, with a message."""
    if sent.url:
        text = _("This form was already submitted. Its link was shown then; if it is lost, create a new one.")
        messages.info(request, text)
    else:
        messages.warning(request, _("This form was open for too long and nothing was saved. Fill it in again."))
    return redirect(sent.url or form_url)
