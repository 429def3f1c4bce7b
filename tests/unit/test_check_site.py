"""Options of ``check_site``: what they put into the check, and one clear line for each that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from rollout.management.commands.check_site import Command, connection_of
from tests.support.certificates import LEAF, ROOT
from tests.support.client_certificates import PASSWORD, Identity, authority

CA = authority()
GATEPASS = Identity("gatepass@example.com", CA)


def options(*arguments: str) -> dict[str, Any]:
    parser = Command().create_parser("manage.py", "check_site")
    return vars(parser.parse_args(["https://wiki.example.com", *arguments]))


@pytest.fixture
def file(tmp_path: Path):
    """``file(content) -> str``: the name of a new file."""
    numbers = iter(range(99))

    def create(content: str | bytes) -> str:
        path = tmp_path / f"file-{next(numbers)}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return create


def test_it_works(file, settings) -> None:
    settings.PROBE_PROXY = "http://proxy.example.com:3128"
    connection = connection_of(
        options("--ca-bundle", file(ROOT), "--through-proxy", "--client-certificate", file(GATEPASS.pem()))
    )
    assert connection.ca_bundle == ROOT
    assert connection.through_proxy
    assert GATEPASS.certificate_pem in connection.client_certificate
    assert "PRIVATE KEY" not in repr(connection)
    (target,) = [Command()._target("https://wiki.example.com", options(), connection)]
    assert (target.ca_bundle, target.through_proxy) == (ROOT, True)
    assert target.client_certificate == connection.client_certificate


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_password_is_the_content_of_its_file(file, end: str) -> None:
    connection = connection_of(
        options(
            "--client-certificate", file(GATEPASS.pkcs12()),
            "--client-certificate-password-file", file(PASSWORD + end),
        )
    )  # fmt: skip
    assert GATEPASS.certificate_pem in connection.client_certificate


def test_without_options_nothing_is_set() -> None:
    connection = connection_of(options())
    assert (connection.ca_bundle, connection.client_certificate, connection.through_proxy) == ("", "", False)


@pytest.mark.parametrize(
    ("option", "content", "message"),
    [
        ("--ca-bundle", None, "No such file"),
        ("--ca-bundle", "", "contains no certificate"),
        ("--ca-bundle", b"\x00\xff", "contains no certificate"),
        ("--ca-bundle", GATEPASS.pem(), "contains a private key"),
        ("--ca-bundle", LEAF, "neither a CA certificate nor self-signed"),
        ("--ca-bundle", "x" * 100_001, "longer than 100,000 characters"),
        ("--client-certificate", None, "No such file"),
        ("--client-certificate", "", "is empty"),
        ("--client-certificate", "hello", "neither PEM nor PKCS #12"),
        ("--client-certificate", GATEPASS.certificate_pem, "contains no private key"),
        ("--client-certificate", GATEPASS.pkcs12(), "Enter its password. Use --client-certificate-password-file."),
        ("--client-certificate", "x" * 40_000, "larger than 32 KiB"),
        ("--client-certificate", Identity("old", CA, days=(-9, -1)).pem(), "expired on"),
    ],
)
def test_a_bad_file_is_one_line_with_exit_status_2(file, tmp_path: Path, option, content, message) -> None:
    name = str(tmp_path / "missing") if content is None else file(content)
    with pytest.raises(CommandError) as caught:
        connection_of(options(option, name))
    text = str(caught.value)
    assert caught.value.returncode == 2
    assert text.startswith(f"{option} {name}: ")
    assert message in text
    assert "\n" not in text
    assert "MII" not in text


def test_a_directory_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Is a directory"):
        connection_of(options("--ca-bundle", str(tmp_path)))


def test_a_wrong_password_is_not_repeated(file) -> None:
    with pytest.raises(CommandError, match="The password is wrong") as caught:
        connection_of(
            options(
                "--client-certificate", file(GATEPASS.pkcs12()),
                "--client-certificate-password-file", file("hunter2"),
            )
        )  # fmt: skip
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--through-proxy"], "--through-proxy: set PROBE_PROXY"),
        (["--client-certificate-password-file", "x"], "needs --client-certificate"),
    ],
)
def test_options_that_need_another_one(settings, arguments, message) -> None:
    settings.PROBE_PROXY = ""
    with pytest.raises(CommandError, match=message) as caught:
        connection_of(options(*arguments))
    assert caught.value.returncode == 2
