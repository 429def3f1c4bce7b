"""Thin tasks of the portal: what neither the domain nor the provider can start by itself."""

from __future__ import annotations

from celery import shared_task

from oauth_provider.counters import forget_old_counts
from oauth_provider.sessions import forget_lapsed


@shared_task
def forget_lapsed_phones() -> None:
    """Delete names, versions and addresses of phones whose sign-in lapsed."""
    forget_lapsed()


@shared_task
def forget_old_rate_counts() -> None:
    """Delete counters of rate limits whose time is over, where the database counts."""
    forget_old_counts()
