"""Many phones are signed out in batches by a worker, and nothing of them works meanwhile or afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from oauth_provider.models import Client, RemovedClient, SignOut
from oauth_provider.tokens import sign_outs
from oauth_provider.tokens.clean_up import remove_expired
from oauth_provider.tokens.sessions import end_everyones_sessions, live_refresh_tokens
from portal.models import User
from portal.tasks import remove_dead_tokens, sign_out_waiting_phones
from rollout.models import AuditEvent, Site
from rollout.services.links import revoke_link, rotate_link
from rollout.services.sites import archive_site, restore_site
from tests.support.environment import LONG
from tests.support.phone_sign_ins import sign_in_phones

PHONES = 10
MANY = 100_000  # more than a statement may have parameters


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_outs, "BATCH", 3)


@pytest.fixture
def phones(batches: None, provided_site: Site, member: User) -> None:
    sign_in_phones(provided_site, [member] * PHONES)


def signed_in() -> int:
    return live_refresh_tokens().count()


def words(answer: Any) -> str:
    return " ".join(answer.text.split())


def test_the_page_shows_the_progress_of_a_worker(
    phones: None, administrator: User, client_of: Callable[[User], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = client_of(administrator)
    page = browser.post(reverse("phones_revoke"), follow=True)
    assert "0 of 10" in words(page)
    assert "was signed out" not in words(page)
    assert signed_in() == PHONES
    event = AuditEvent.objects.get(action="phone.many_revoked")
    assert (event.actor_id, event.details) == (administrator.pk, {"phones": PHONES})
    end, batches = sign_outs._end, iter([1, 2])

    def stop_after_two_batches(pks: Any) -> int:
        next(batches)
        return end(pks)

    monkeypatch.setattr(sign_outs, "_end", stop_after_two_batches)
    with pytest.raises(StopIteration):  # the worker dies
        sign_out_waiting_phones()
    polled = browser.get(reverse("phones_sign_outs"))
    assert "6 of 10" in words(polled)
    assert "HX-Refresh" not in polled
    assert signed_in() == PHONES - 6
    monkeypatch.setattr(sign_outs, "_end", end)
    sign_out_waiting_phones()
    assert signed_in() == 0
    assert browser.get(reverse("phones_sign_outs"))["HX-Refresh"] == "true"
    assert "Signing out" not in words(browser.get(reverse("phones")))


def test_few_phones_are_signed_out_at_once(
    batches: None, provided_site: Site, member: User, administrator: User, client_of: Callable[[User], Browser]
) -> None:
    sign_in_phones(provided_site, [member] * 3)
    page = client_of(administrator).post(reverse("phones_revoke"), follow=True)
    assert "3 phones were signed out." in words(page)
    assert not SignOut.objects.exists()


def test_phones_signed_in_after_the_request_stay(
    phones: None, phone: Any, administrator: User, client_of: Callable[[User], Browser]
) -> None:
    client_of(administrator).post(reverse("phones_revoke"))
    tokens = phone.tokens()
    sign_out_waiting_phones()
    assert signed_in() == 1
    assert phone.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("change", [revoke_link, rotate_link])
def test_the_tokens_of_a_changed_link_are_dead_before_a_worker_comes(
    phones: None, phone: Any, provided_site: Site, administrator: User, change: Any
) -> None:
    tokens, code = phone.tokens(), phone.code()
    link = provided_site.links.active().get()
    change(actor=administrator, link=link)
    assert SignOut.objects.get().total == PHONES + 1
    assert phone.refresh(tokens["refresh_token"]).json()["error"] == "invalid_client"
    assert phone.redeem(code).json()["error"] == "invalid_client"
    sign_out_waiting_phones()
    assert not Client.objects.filter(client_id=phone.client_id).exists()
    assert RemovedClient.objects.filter(client_id=phone.client_id).exists()
    assert not get_refresh_token_model().objects.exists()
    assert not get_access_token_model().objects.exists()


def test_a_client_removed_as_its_sign_outs_end_is_deleted_later(phone: Any) -> None:
    phone.tokens()
    RemovedClient.objects.create(client_id=phone.client_id)  # committed after the worker had looked for it
    waiting = SignOut.objects.create(client_id=phone.client_id, total=1, requested=timezone.now())
    remove_dead_tokens()
    assert Client.objects.filter(client_id=phone.client_id).exists()  # the worker deletes it
    waiting.delete()
    remove_dead_tokens()
    assert not Client.objects.filter(client_id=phone.client_id).exists()
    assert not get_refresh_token_model().objects.exists()


def test_a_site_is_restored_only_after_its_phones_are_signed_out(
    phones: None, phone: Any, provided_site: Site, administrator: User, client_of: Callable[[User], Browser]
) -> None:
    tokens = phone.tokens()
    archive_site(actor=administrator, site=provided_site)
    assert AuditEvent.objects.get(action="site.archived").details == {"phones": PHONES + 1}
    provided_site.refresh_from_db()
    with pytest.raises(ValidationError, match="still being signed out"):
        restore_site(actor=administrator, site=provided_site)
    page = client_of(administrator).post(reverse("site_restore", args=[provided_site.pk]), follow=True)
    assert "The phones of this site are still being signed out. Try again in a few minutes." in words(page)
    assert SignOut.objects.count() == 1
    sign_out_waiting_phones()
    restore_site(actor=administrator, site=provided_site)
    assert phone.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert not get_access_token_model().objects.exists()
    assert phone.tokens()["scope"] == "WRITE"


def test_finished_sign_outs_are_deleted_after_a_day(
    phones: None, administrator: User, client_of: Callable[[User], Browser], time_machine: Any
) -> None:
    client_of(administrator).post(reverse("phones_revoke"))
    sign_out_waiting_phones()
    remove_expired()
    assert SignOut.objects.exists()
    time_machine.move_to(timezone.now() + timedelta(hours=25))
    remove_expired()
    assert not SignOut.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_people_sign_in_while_phones_are_signed_out(
    phones: None, phone: Any, administrator: User, client_of: Callable[[User], Browser]
) -> None:
    """A batch that waits for a lock holds up neither a sign-in nor another worker."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    client_of(administrator).post(reverse("phones_revoke"))
    first = get_refresh_token_model().objects.order_by("pk").first()
    workers = [threading.Thread(target=_close_connection_after, args=[sign_out_waiting_phones]) for _ in range(2)]
    tokens: list[dict[str, str]] = []
    person = threading.Thread(target=_close_connection_after, args=[lambda: tokens.append(phone.tokens())])
    with transaction.atomic():
        get_refresh_token_model().objects.select_for_update().get(pk=first.pk)
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(1)
        assert [worker.is_alive() for worker in workers].count(True) == 1  # waits for the lock; the other one left
        person.start()
        person.join(5)
        assert tokens
    for worker in workers:
        worker.join(10)
    assert signed_in() == 1


def _close_connection_after(call: Callable[[], Any]) -> None:
    try:
        call()
    finally:
        connection.close()


@pytest.mark.skipif(not LONG, reason="100,000 phones take minutes: part of `make test-long`")
@pytest.mark.parametrize("way", ["page", "link", "archive", "after_restore"])
def test_a_hundred_thousand_phones(
    provided_site: Site, member: User, administrator: User, client_of: Callable[[User], Browser], way: str
) -> None:
    for _ in range(20):
        sign_in_phones(provided_site, [member] * (MANY // 20))
    begun = time.monotonic()
    if way == "page":
        client_of(administrator).post(reverse("phones_revoke"))
    elif way == "link":
        assert revoke_link(actor=administrator, link=provided_site.links.active().get()) == MANY
    elif way == "archive":
        archive_site(actor=administrator, site=provided_site)
    else:
        assert end_everyones_sessions() == MANY
    requested = time.monotonic()
    while SignOut.objects.unfinished().exists():
        sign_out_waiting_phones()
    print(f"{way}: {requested - begun:.1f} s in the request, {time.monotonic() - requested:.1f} s in the worker")
    assert signed_in() == 0
