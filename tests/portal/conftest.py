"""What the tests of every route share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import SignInLink, User
from portal.sign_in_links import make_link
from rollout.models import CheckRun, Rehearsal, RunState, Site
from rollout.services import configurations, links, passes, rehearsals, sites, waves
from tests.portal.every_route import World


@pytest.fixture
def world(
    administrator: User, alice: User, auditor: User, member: User, charlie: User, client_of: Callable[[User], Client]
) -> World:
    site = sites.create_site(actor=alice, title="Pilot", provider="gatepass", slug="pilot", owners=[alice])
    CheckRun.objects.update(state=RunState.DONE)
    link = links.create_link(actor=alice, site=site, redirect_url="confluence-server://oauth-callback")
    wave = waves.create_wave(actor=administrator, title="First", sites=[site])
    until = timezone.now() + timedelta(days=1)
    row, token = passes.issue_pass(
        actor=alice, label="Member", sites=[site], expires_at=until, person=member, wave=wave, max_uses=None
    )
    release = configurations.publish_release(actor=administrator, sites=Site.objects.all())
    rehearsal = rehearsals.request_rehearsal(actor=alice, site=site)
    Rehearsal.objects.update(state=RunState.DONE)
    welcome = make_link(user=member, purpose=SignInLink.Purpose.WELCOME, actor=administrator)
    people = {"member": member, "charlie": charlie, "alice": alice, "auditor": auditor, "administrator": administrator}
    return World(
        {
            "site": site.pk, "link": link.pk, "run": site.check_runs.get().pk, "release": release.number,
            "wave": wave.pk, "pass": row.pk, "person": member.pk, "token": token, "rehearsal": rehearsal.pk,
            "slug": "pilot", "welcome": welcome.rstrip("/").rpartition("/")[2], "kind": "svg", "nobody": 9999,
        },
        {"anonymous": Client(), **{name: client_of(user) for name, user in people.items()}},
    )  # fmt: skip
