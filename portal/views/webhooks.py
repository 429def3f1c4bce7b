"""Webhooks, for administrators: settings, signing secrets and the delivery log."""

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
from rollout.services.vault import GENERATE_KEY_COMMAND


@administrators
@page_view
def webhooks(request: HttpRequest) -> HttpResponse:
    """List all webhooks, or explain how to set the encryption key."""
    context = {
        "rows": Webhook.objects.all(),
        "is_available": services.is_available(),
        "key_command": GENERATE_KEY_COMMAND,
    }
    return render(request, "webhooks/webhooks.html", context)


@never_cache
@administrators
@form_view
def create(request: HttpRequest) -> HttpResponse:
    """Show the form; the response to its POST shows the new secret once."""
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
    created = services.create_webhook(actor=person(request), **data)
    return created, reverse("webhook", args=[created[0].pk])


def _show_once(request: HttpRequest, row: Webhook, secret: str, *, is_new: bool) -> HttpResponse:
    """Render the only page that shows the secret."""
    return render(request, "webhooks/shown_once.html", {"webhook": row, "secret": secret, "is_new": is_new})


@never_cache
@administrators
@form_view
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one webhook and its delivery log. A POST runs the action that its ``do`` field names."""
    row = get_object_or_404(Webhook, pk=pk)
    if request.method != "POST":
        return _page(request, row)
    action = ACTIONS.get(request.POST.get("do", ""))
    return (
        action(request, row) if action else HttpResponseBadRequest(_("Unknown action. Reload the page and try again."))
    )


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
        "old_secret_is_valid": bool(row.old_secret and row.old_secret_until and row.old_secret_until > timezone.now()),
        "form_id": new_form_id(request),
    }
    return render(request, "webhooks/webhook.html", context)


@administrators
@form_view
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and save the form of a webhook."""
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
            messages.success(request, _("Changes saved."))
            return redirect("webhook", row.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "webhooks/edit.html", {"webhook": row, "form": form}, status=status)


@administrators
@form_view
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one delivery: its attempts and its body. POST sends it again."""
    row = get_object_or_404(WebhookDelivery.objects.select_related("webhook"), pk=pk)
    if request.method == "POST":
        if deliveries.send_again(actor=person(request), delivery=row):
            messages.success(request, _("The message is being sent again with the same ID."))
        else:
            messages.info(request, _("The message is already waiting for its next attempt."))
        return redirect("webhook_delivery", row.pk)
    context = {
        "delivery": row,
        "webhook": row.webhook,
        "attempts": [attempt | {"when": datetime.fromisoformat(attempt["at"])} for attempt in row.attempts],
        "body": json.dumps(row.body, indent=2, ensure_ascii=False),
    }
    return render(request, "webhooks/delivery.html", context)


def _test(request: HttpRequest, row: Webhook) -> HttpResponse:
    if not row.is_active:
        messages.error(request, _("The webhook is paused. Resume it to send a test message."))
        return redirect("webhook", row.pk)
    sent = deliveries.send_test(actor=person(request), webhook=row)
    messages.success(request, _("Test message queued. Reload this page to see the response."))
    return redirect("webhook_delivery", sent.pk)


def _rotate(request: HttpRequest, row: Webhook) -> HttpResponse:
    url = reverse("webhook", args=[row.pk])
    try:
        secret = send_once(request, lambda: (services.rotate_secret(actor=person(request), webhook=row), url))
    except FormSentError as sent:
        return sent_before(request, sent, url)
    return _show_once(request, row, secret, is_new=False)


def _pause(request: HttpRequest, row: Webhook) -> HttpResponse:
    services.pause_webhook(actor=person(request), webhook=row)
    messages.success(request, _("Webhook paused."))
    return redirect("webhook", row.pk)


def _resume(request: HttpRequest, row: Webhook) -> HttpResponse:
    services.resume_webhook(actor=person(request), webhook=row)
    messages.success(request, _("Webhook resumed. Waiting messages are being sent."))
    return redirect("webhook", row.pk)


def _remove(request: HttpRequest, row: Webhook) -> HttpResponse:
    services.remove_webhook(actor=person(request), webhook=row)
    messages.success(request, _("%(name)s and its delivery log were deleted.") % {"name": row.name})
    return redirect("webhooks")


ACTIONS: dict[str, Callable[[HttpRequest, Webhook], HttpResponse]] = {
    "test": _test, "rotate": _rotate, "pause": _pause, "resume": _resume, "remove": _remove,
}  # fmt: skip
