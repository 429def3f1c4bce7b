"""E-mail settings, and following or muting a site."""

from __future__ import annotations

import pytest
from django.urls import reverse

from rollout.models import NotificationPreference, SiteFollow

pytestmark = pytest.mark.django_db
FORM = {"every": "hour", "kinds": ["verdict"], "hour": "7", "time_zone": "Europe/Berlin"}


def test_it_works(alice, client_of):
    browser = client_of(alice)
    assert "default settings for your role." in browser.get(reverse("my_notifications")).content.decode()
    assert browser.post(reverse("my_notifications"), FORM).status_code == 302

    row = NotificationPreference.objects.get(person=alice)
    assert (row.every, row.kinds, row.hour, row.time_zone) == ("hour", ["verdict"], 7, "Europe/Berlin")
    assert "default settings for your role." not in browser.get(reverse("my_notifications")).content.decode()


def test_bulk_checks_are_not_offered_to_owners(alice, administrator, client_of):
    assert 'value="sweep"' not in client_of(alice).get(reverse("my_notifications")).content.decode()
    assert 'value="sweep"' in client_of(administrator).get(reverse("my_notifications")).content.decode()
    assert client_of(alice).post(reverse("my_notifications"), {**FORM, "kinds": ["sweep"]}).status_code == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [("every", "minute"), ("every", "\x00"), ("hour", "24"), ("hour", "x"), ("time_zone", "Mars/Olympus"),
     ("time_zone", "../../etc/passwd"), ("kinds", "\ud83d"), ("kinds", ["verdict", "x" * 9999])],
)  # fmt: skip
def test_invalid_values_are_rejected(alice, client_of, field, value):
    answer = client_of(alice).post(
        reverse("my_notifications"),
        {**FORM, field: value.encode("utf-8", "replace") if isinstance(value, str) else value},
    )

    assert answer.status_code == 422
    assert not NotificationPreference.objects.exists()


def test_a_site_is_muted_and_followed_on_its_page(site, alice, client_of):
    browser, url = client_of(alice), reverse("site_follow", args=[site.pk])
    assert 'value="no"' in browser.get(reverse("site", args=[site.pk])).content.decode()
    browser.post(url, {"follows": "no"})
    assert not SiteFollow.objects.get().follows
    assert 'name="follows" value="yes"' in " ".join(
        browser.get(reverse("site", args=[site.pk])).content.decode().split()
    )
    assert site.title in browser.get(reverse("my_notifications")).content.decode()
    browser.post(url, {"follows": "yes"})
    assert SiteFollow.objects.get().follows


def test_people_cannot_follow_sites_they_cannot_see(site, charlie, client_of):
    assert client_of(charlie).post(reverse("site_follow", args=[site.pk])).status_code == 404
    assert not SiteFollow.objects.exists()
