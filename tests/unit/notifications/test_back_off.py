"""Delays grow up to a maximum and have jitter."""

from __future__ import annotations

from datetime import timedelta

from rollout.notifications import back_off


def test_it_works():
    pauses = [back_off.delivery_delay(tries, 0) for tries in range(1, 8)]

    assert pauses == sorted(pauses)
    assert timedelta(hours=20) < sum(pauses, timedelta()) < timedelta(hours=26)
    assert back_off.delivery_delay(8, 0) is None
    assert back_off.delivery_delay(9, 0) is None


def test_jitter_adds_a_fifth_at_most():
    assert back_off.delivery_delay(1, 0.999) < timedelta(seconds=36)
    assert back_off.delivery_delay(1, 0.5) == timedelta(seconds=33)


def test_pauses_have_a_maximum():
    assert back_off.receiver_pause(1, 0) == timedelta(seconds=30)
    assert back_off.receiver_pause(10**6, 0) == timedelta(hours=1)
    assert back_off.mail_delay(10**6, 0) == timedelta(hours=6)
