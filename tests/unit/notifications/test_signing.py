"""Signatures by the Standard Webhooks specification."""

from __future__ import annotations

import pytest

from rollout.notifications import signing

# A secret, message and signature that are published with the specification's libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def test_it_works():
    result = signing.signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)

    assert result == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_give_two_signatures():
    other = signing.secret_of(b"x" * 32)
    headers = signing.headers([SECRET, other], message_id="a", timestamp=1, body=BODY)

    assert headers["webhook-signature"].split(" ") == [
        signing.signature(SECRET, "a", 1, BODY), signing.signature(other, "a", 1, BODY)
    ]  # fmt: skip
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("a", "1")


@pytest.mark.parametrize("length", [0, 23, 65])
def test_the_length_of_a_secret_is_limited(length):
    with pytest.raises(ValueError, match="24 to 64"):
        signing.secret_of(b"x" * length)
