"""Celery tasks: mails about accounts, and deletion of expired sessions, tokens, device data and rate limit counters."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from celery import shared_task
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.utils import timezone

from oauth_provider.limits.counters import delete_expired_counts
from oauth_provider.tokens import sign_outs
from oauth_provider.tokens.clean_up import remove_expired
from oauth_provider.tokens.sessions import delete_lapsed_devices
from portal.accounts import account_notices, api_tokens, sign_in_links


@shared_task
def send_account_notices() -> None:
    """Send the e-mails that tell people what was done to their account."""
    account_notices.send_due_notices()


@shared_task
def forget_lapsed_phones() -> None:
    """Delete names, versions and addresses of phones whose sign-in has expired."""
    delete_lapsed_devices()


@shared_task
def sign_out_waiting_phones() -> None:
    """Sign out phones of queued sign-outs for about a minute."""
    sign_outs.sign_out_waiting_phones()


@shared_task
def remove_dead_tokens() -> None:
    """Delete codes and tokens that can no longer be used, and what is left of removed clients."""
    remove_expired()
    sign_outs.remove_leftover_clients()


@shared_task
def record_expired_tokens() -> None:
    """Record which tokens of the API have expired, and delete those that ended long ago."""
    api_tokens.record_expired_tokens()


@shared_task
def remove_old_sessions() -> None:
    """Delete old account notices, sign-in links, expired browser sessions and their rows for the Sessions page."""
    account_notices.delete_old_notices()
    sign_in_links.delete_old_links()
    while keys := list(Session.objects.filter(expire_date__lt=timezone.now()).values_list("pk", flat=True)[:1000]):
        Session.objects.filter(pk__in=keys).delete()
    gone = UserSession.objects.exclude(Exists(Session.objects.filter(pk=OuterRef("session_key"))))
    while pks := list(gone.values_list("pk", flat=True)[:1000]):
        UserSession.objects.filter(pk__in=pks).delete()


@shared_task
def forget_old_rate_counts() -> None:
    """Delete expired rate limit counters, if the database counts."""
    delete_expired_counts()
