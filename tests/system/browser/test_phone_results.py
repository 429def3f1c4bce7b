"""Recording and withdrawing a phone result, and uploading a client certificate, with and without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.support.client_certificates import PASSWORD, Identity, authority

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=[True, False], ids=["javascript", "no-javascript"])
def page(request, open_context, sign_in, alice) -> Any:
    context = open_context(java_script_enabled=request.param, viewport={"width": 390, "height": 844})
    sign_in(context, alice)
    return context.new_page()


def test_it_works(page, site) -> None:
    page.goto(f"/sites/{site.pk}/phone-results/")
    page.get_by_role("link", name="Record a result").click()
    page.get_by_role("button", name="Record result").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose the setup that you tried.")

    page.get_by_label("Non-MDM setup").check()
    page.get_by_label("The phone did not return to the app").check()
    page.get_by_label("iOS version").fill("18.5")
    page.get_by_label("App version").fill("2.0.1")
    page.get_by_label("Note").fill("A blank page")
    page.get_by_role("button", name="Record result").click()

    row = page.get_by_role("row").filter(has_text="A blank page")
    expect(row).to_contain_text(timezone.localdate().strftime("%b %Y"))
    expect(row).to_contain_text("The phone did not return to the app")
    row.get_by_role("link", name="Withdraw").click()
    page.get_by_label("Reason").fill("The wrong phone")
    page.get_by_role("button", name="Withdraw result").click()
    expect(page.get_by_role("row").filter(has_text="A blank page")).to_contain_text("The wrong phone")
    expect(page.get_by_role("link", name="Withdraw")).to_have_count(0)


def test_a_client_certificate(page, site) -> None:
    page.goto(f"/sites/{site.pk}/client-certificate/")
    data = Identity("gatepass@example.com", authority()).pkcs12()
    file = {"name": "gatepass.p12", "mimeType": "application/x-pkcs12", "buffer": data}
    page.get_by_label("Certificate file").set_input_files(files=[file])
    page.get_by_label("Password of the file").fill("wrong")
    page.get_by_role("button", name="Store certificate").click()
    expect(page.get_by_role("alert")).to_contain_text("The password is wrong")

    page.get_by_label("Certificate file").set_input_files(files=[file])
    page.get_by_label("Password of the file").fill(PASSWORD)
    page.get_by_role("button", name="Store certificate").click()
    stored = page.get_by_role("region", name="Stored certificate")
    expect(stored).to_contain_text("gatepass@example.com")
    stored.get_by_text("Remove", exact=True).click()
    stored.get_by_role("button", name="Remove certificate").click()
    expect(page.get_by_role("region", name="Stored certificate")).to_have_count(0)
