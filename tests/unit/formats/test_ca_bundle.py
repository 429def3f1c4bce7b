"""CA bundles of sites: authorities and self-signed certificates are accepted, everything else is rejected."""

from __future__ import annotations

import pytest

from rollout.formats.ca_bundle import NoAuthorityError, check_ca_bundle
from rollout.formats.certificates import BundleError
from tests.support.certificates import PRIVATE_KEY, ROOT, pem


def test_it_works() -> None:
    assert check_ca_bundle(f"Our authorities\n{ROOT}\n{pem('Issuing', 'Example root', ca=True)}") == 2


def test_a_self_signed_certificate_is_accepted() -> None:
    assert check_ca_bundle(pem("old.example.com", "old.example.com", ca=None)) == 1


@pytest.mark.parametrize("ca", [False, None])
def test_a_server_certificate_is_rejected(ca: bool | None) -> None:
    with pytest.raises(NoAuthorityError, match=r"wiki\.example\.com.*Example root"):
        check_ca_bundle(ROOT + pem("wiki.example.com", "Example root", ca=ca))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no-certificate"),
        ("hello", "no-certificate"),
        (ROOT + PRIVATE_KEY, "private-key"),
        (ROOT[:-30], "incomplete"),
        (ROOT.replace("MII", "AAA", 1), "unreadable"),
        (ROOT * 21, "too-many"),
    ],
)
def test_other_texts_are_rejected_and_not_shown(text: str, code: str) -> None:
    with pytest.raises(BundleError) as caught:
        check_ca_bundle(text)
    assert caught.value.code == code
    assert "MI" not in str(caught.value)
