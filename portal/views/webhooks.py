"""Webhooks, for administrators: where they lead, their secrets, and the log of what they were sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from portal.accounts.access import administrators, person
from portal.forms.notifications import DELIVERIES, WebhookForm
from portal.forms.service_errors import add_form_errors
from portal.pages.actions import form_view, page_view
from portal.pages.one_time_forms import FormSentError, new_form_id, send_once, sent_before
from rollout.models import NoticeKind, Webhook, WebhookDelivery
from rollout.services.notifications import deliveries
from rollout.services.notifications import webhooks as services
from rollout.services.vault import HOW_TO_MAKE_A_KEY


@administrators
@page_view
def webhooks(request: HttpRequest) -> HttpResponse:
    """All webhooks, or how to make the key that they need."""
    context = {
        "rows": Webhook.objects.all(),
        "is_available": services.is_available(),
        "how_to_make_a_key": HOW_TO_MAKE_A_KEY,
    }
    return render(request, "webhooks/webhooks.html", context)


@never_cache
@administrators
@form_view
def create(request: HttpRequest) -> HttpResponse:
    """The form, and in the answer to its POST the new secret, this once."""
    if not services.is_available():
        return redirect("webhooks")
    form = WebhookForm(request.POST or None, initial={"kinds": services.KINDS})
    if request.method == "POST" and form.is_valid():
        try:
            row, secret = send_once(request, lambda: _create(request, form.cleaned_data))
            return _show_once(request, row, secret, is_new=True)
        except ValidationError as error:
            add_form_errors(form, error)
        except FormSentError as sent:
            return sent_before(request, sent, reverse("webhook_create"))
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "form_id": new_form_id(request)}
    return render(request, "webhooks/create.html", context, status=status)


def _create(request: HttpRequest, data: dict[str, Any]) -> tuple[tuple[Webhook, str], str]:
    made = services.create_webhook(actor=person(request), **data)
    return made, reverse("webhook", args=[made[0].pk])


def _show_once(request: HttpRequest, row: Webhook, secret: str, *, is_new: bool) -> HttpResponse:
    """The only page that ever holds the secret."""
    return render(request, "webhooks/shown_once.html", {"webhook": row, "secret": secret, "is_new": is_new})


@never_cache
@administrators
@form_view
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """One webhook and its log; its deeds are posted here and told apart by the name of their button."""
    row = get_object_or_404(Webhook, pk=pk)
    if request.method != "POST":
        return _page(request, row)
    action = ACTIONS.get(request.POST.get("do", ""))
    return action(request, row) if action else HttpResponseBadRequest(_("There is no such action."))


def _page(request: HttpRequest, row: Webhook) -> HttpResponse:
    listing = DELIVERIES.listing(request, row.deliveries.defer("body"))
    for delivery in listing.rows:
        delivery.last = delivery.attempts[-1] if delivery.attempts else None
    context = {
        "webhook": row,
        "kinds": [label for kind, label in NoticeKind.choices if kind in row.kinds],
        "listing": listing,
        "sort": listing.sort,
        "sites": list(row.sites.order_by("title", "pk")[:20]),
        "site_count": row.sites.count(),
        "old_signs": bool(row.old_secret and row.old_secret_until and row.old_secret_until > timezone.now()),
        "form_id": new_form_id(request),
    }
    return render(request, "webhooks/webhook.html", context)


@administrators
@form_view
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a webhook, and saving it."""
    row = get_object_or_404(Webhook, pk=pk)
    urls = "\n".join(row.sites.order_by("pk").values_list("base_url", flat=True))
    initial = {"name": row.name, "url": row.url, "kinds": row.kinds, "sites": urls}
    form = WebhookForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_webhook(actor=person(request), webhook=row, **form.cleaned_data)
        except ValidationError as error:
            add_form_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("webhook", row.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "webhooks/edit.html", {"webhook": row, "form": form}, status=status)


@administrators
@form_view
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """One delivery: every attempt and the body; POST sends it again."""
    row = get_object_or_404(WebhookDelivery.objects.select_related("webhook"), pk=pk)
    if request.method == "POST":
        if deliveries.send_again(actor=person(request), delivery=row):
            messages.success(request, _("It is on its way again, under the same id."))
        else:
            messages.info(request, _("It waits for its next attempt already."))
        return redirect("webhook_delivery", row.pk)
    context = {
        "delivery": row,
        "webhook": row.webhook,
        "attempts": [noted | {"when": datetime.fromisoformat(noted["at"])} for noted in row.attempts],
        "body": json.dumps(row.body, indent=2, ensure_ascii=False),
    }
    return render(request, "webhooks/delivery.html", context)


def _test(request: HttpRequest, row: Webhook) -> HttpResponse:
    if not row.is_active:
        messages.error(request, _("It is paused. Resume it first."))
        return redirect("webhook", row.pk)
    sent = deliveries.send_test(actor=person(request), webhook=row)
    messages.success(request, _("A test message is on its way. Reload this page to see what became of it."))
    return redirect("webhook_delivery", sent.pk)


def _rotate(request: HttpRequest, row: Webhook) -> HttpResponse:
    where = reverse("webhook", args=[row.pk])
    try:
        secret = send_once(request, lambda: (services.rotate_secret(actor=person(request), webhook=row), where))
    except FormSentError as sent:
        return sent_before(request, sent, where)
    return _show_once(request, row, secret, is_new=False)


def _pause(request: HttpRequest, row: Webhook) -> HttpResponse:
    services.pause_webhook(actor=person(request), webhook=row)
    messages.success(request, _("Paused. Nothing is sent until you resume it."))
    return redirect("webhook", row.pk)


def _resume(request: HttpRequest, row: Webhook) -> HttpResponse:
    services.resume_webhook(actor=person(request), webhook=row)
    messages.success(request, _("Resumed. What waited is sent now."))
    return redirect("webhook", row.pk)


def _remove(request: HttpRequest, row: Webhook) -> HttpResponse:
    services.remove_webhook(actor=person(request), webhook=row)
    messages.success(request, _("%(name)s is removed, and its log with it.") % {"name": row.name})
    return redirect("webhooks")


ACTIONS: dict[str, Callable[[HttpRequest, Webhook], HttpResponse]] = {
    "test": _test, "rotate": _rotate, "pause": _pause, "resume": _resume, "remove": _remove,
}  # fmt: skip
