"""Sign out many phones: few at once, more in batches by a worker, so that no request waits for 100,000 phones.

A queued sign-out is a row. Each batch is a short transaction that also notes how far it came, so that a worker goes on
where another one stopped, and sign-ins of other people go on meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from oauth_provider.models import Client, RemovedClient, SignOut
from oauth_provider.signals import sign_out_queued

from . import redemption
from .clean_up import remove

BATCH = 1000
AT_WORK = 60  # seconds of one task


@dataclass(frozen=True)
class SignedOut:
    """``phones`` that had not ended yet; ``is_queued`` if a worker ends them."""

    phones: int
    is_queued: bool


def sign_out(pks: Sequence[int]) -> SignedOut:
    """End the sign-ins of these refresh tokens."""
    return _sign_out(list(pks))


def sign_out_client(client: Client) -> SignedOut:
    """End all sign-ins of a client and delete its codes and access tokens; delete it too if it is a removed client.

    Codes are deleted first: one that is redeemed meanwhile is then already among the refresh tokens.
    """
    redemption.Grant.objects.filter(application=client).delete()
    waiting = SignOut.objects.unfinished().filter(client_id=client.client_id).first()
    if waiting is not None:
        return SignedOut(waiting.total - waiting.done, is_queued=True)
    signed_in = redemption.RefreshToken.objects.filter(application=client, revoked=None)
    return _sign_out(list(signed_in.order_by("pk").values_list("pk", flat=True)), client.client_id)


def _sign_out(pks: list[int], client_id: str = "") -> SignedOut:
    with transaction.atomic():
        if len(pks) <= BATCH:
            ended = _end(pks)
            _clean_up(client_id)
            return SignedOut(ended, is_queued=False)
        SignOut.objects.create(refresh_tokens=pks, client_id=client_id, total=len(pks), requested=timezone.now())
        sign_out_queued.send(sender=SignOut)
    return SignedOut(len(pks), is_queued=True)


def sign_out_waiting_phones() -> None:
    """Sign out the phones of queued rows for about a minute. Several workers may do so at once."""
    deadline = time.monotonic() + AT_WORK
    for pk in list(SignOut.objects.unfinished().order_by("pk").values_list("pk", flat=True)):
        pks, client_id = SignOut.objects.values_list("refresh_tokens", "client_id").get(pk=pk)
        while time.monotonic() < deadline and _continue(pk, pks):
            pass
        if SignOut.objects.unfinished().filter(pk=pk, done=F("total")).exists():
            _clean_up(client_id)
            SignOut.objects.filter(pk=pk).update(finished=timezone.now())


def remove_leftover_clients() -> None:
    """Delete removed clients that are still there: one that was removed just as a worker ended its last sign-ins."""
    ending = SignOut.objects.unfinished().values("client_id")
    left = Client.objects.filter(client_id__in=RemovedClient.objects.values("client_id")).exclude(client_id__in=ending)
    for client_id in list(left.values_list("client_id", flat=True)):
        _clean_up(client_id)


def _continue(pk: int, pks: Sequence[int]) -> bool:
    """End the next batch. Return False if there is none, or another worker is at it."""
    with transaction.atomic():
        rows = SignOut.objects.filter(pk=pk, done__lt=F("total")).select_for_update(skip_locked=True, no_key=True)
        done = rows.values_list("done", flat=True).first()
        if done is None:
            return False
        _end(pks[done : done + BATCH])
        SignOut.objects.filter(pk=pk).update(done=min(done + BATCH, len(pks)))
    return True


def _end(pks: Sequence[int]) -> int:
    return redemption.end_rows(redemption.RefreshToken.objects.filter(pk__in=pks, revoked=None))


def _clean_up(client_id: str) -> None:
    """Delete what is left of a client without sign-ins: its access tokens and, if it was removed, everything."""
    client = Client.objects.filter(client_id=client_id).first()
    if client is None:
        return
    remove(redemption.AccessToken.objects.filter(application=client))
    if RemovedClient.objects.filter(client_id=client_id).exists():
        remove(redemption.RefreshToken.objects.filter(application=client))
        client.delete()
