"""What machines ask, and what strangers do not learn."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client

from portal.accounts import api_tokens
from portal.celery import app
from portal.views import health


def test_it_works(client: Client, db: None) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "components": {"database": "ok", "migrations": "ok", "broker": "ok"}}


def test_healthz_does_not_use_the_database(client: Client) -> None:
    # No database fixture: a query would raise.
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_session_cookie_is_not_looked_up(client: Client, settings, path: str) -> None:
    # No database fixture: a query outside the checks of readyz would raise.
    settings.SECOND_FACTOR_ROLES = ["administrator"]
    client.cookies["gatepass_session"] = "abcdefghijklmnopqrstuvwxyz012345"
    answer = client.get(path)
    assert answer["Content-Type"] == "application/json"
    if path == "/healthz":
        assert answer.json() == {"status": "ok"}
    else:
        assert answer.status_code == 503
        assert answer.json() == {
            "status": "failing", "components": {"database": "failing", "migrations": "failing", "broker": "ok"}
        }  # fmt: skip


def test_readyz_needs_no_sign_in_and_is_not_cached(client: Client, db: None) -> None:
    assert "no-store" in client.get("/readyz")["Cache-Control"]


def test_not_ready_when_the_broker_is_missing(client: Client, db: None, settings, caplog) -> None:
    settings.CELERY_BROKER_URL = "filesystem://"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": "/nowhere/at-all"}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["components"] == {"database": "ok", "migrations": "ok", "broker": "failing"}
    assert b"nowhere" not in answer.content
    assert "broker is failing" in caplog.text


def test_an_unresponsive_broker_is_detected_in_seconds() -> None:
    previous = app.conf.broker_url, app.conf.broker_write_url
    app.conf.update(broker_url="redis://127.0.0.1:1/0", broker_write_url="redis://127.0.0.1:1/0")
    try:
        assert not health.is_healthy("broker", health.check_broker)
    finally:
        app.conf.update(broker_url=previous[0], broker_write_url=previous[1])


def test_not_ready_when_a_migration_is_missing(client: Client, transactional_db: None) -> None:
    ((_app, newest),) = MigrationLoader(connection).graph.leaf_nodes("rollout")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'rollout' AND name = %s", [newest])
    health.check_migrations.cache_clear()
    try:
        answer = client.get("/readyz")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('rollout', %s, CURRENT_TIMESTAMP)",
                [newest],
            )
    assert answer.status_code == 503
    assert answer.json()["components"]["migrations"] == "failing"


def test_any_exception_is_a_failure() -> None:
    def check() -> None:
        raise OSError("the password is hunter2")

    assert health.is_healthy("anything", check) is False


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.8.8.8"])
def test_metrics_for_this_machine(client: Client, db: None, address: str) -> None:
    answer = client.get("/metrics", REMOTE_ADDR=address)
    assert answer.status_code == 200
    assert b"django_http_requests_total" in answer.content


@pytest.mark.parametrize("address", ["10.0.0.8", "203.0.113.4", "::ffff:203.0.113.4", "2001:db8::1", "", "unix:", "x"])
def test_no_metrics_for_other_machines(client: Client, db: None, address: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 404


@pytest.mark.parametrize("header", health.PROXY_HEADERS)
def test_no_metrics_for_requests_forwarded_by_a_local_proxy(client: Client, db: None, header: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1", **{header: "127.0.0.1"}).status_code == 404


def test_metrics_for_administrators_from_anywhere(client_of, administrator) -> None:
    assert client_of(administrator).get("/metrics", REMOTE_ADDR="203.0.113.4").status_code == 200


def scrape(text: str, client: Client | None = None) -> int:
    """The status of a scrape from another host with this token."""
    client = client or Client()
    headers = {"authorization": f"Bearer {text}"}
    return client.get("/metrics", REMOTE_ADDR="203.0.113.4", headers=headers).status_code


@pytest.mark.parametrize(("scopes", "status"), [(["metrics"], 200), (["metrics", "read"], 200), (["write"], 403)])
def test_metrics_for_a_service_token(administrator, scopes: list[str], status: int) -> None:
    _row, text = api_tokens.create_service_token(actor=administrator, name="Prometheus", scopes=scopes, days=30)
    assert scrape(text) == status


def test_metrics_for_the_token_of_an_administrator_as_long_as_they_are_one(administrator, client_of) -> None:
    _row, text = api_tokens.create_personal_token(person=administrator, name="x", scopes=["metrics"], days=30)
    assert scrape(text) == 200
    type(administrator).objects.update(role="auditor")
    assert scrape(text) == 403


def test_an_invalid_token_is_refused_also_beside_a_session_and_on_this_machine(administrator, client_of) -> None:
    row, text = api_tokens.create_service_token(actor=administrator, name="x", scopes=["metrics"], days=30)
    api_tokens.revoke_token(actor=administrator, token=row)
    assert (scrape(text), scrape("unknown"), scrape(text, client_of(administrator))) == (401, 401, 401)
    answer = Client().get("/metrics", headers={"authorization": f"Bearer {text}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize("role", ["auditor", "alice", "member"])
def test_no_metrics_for_other_people(client_of, request, role: str) -> None:
    person = request.getfixturevalue(role)
    assert client_of(person).get("/metrics", REMOTE_ADDR="203.0.113.4").status_code == 404


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_only_safe_methods_are_accepted(client: Client, db: None, path: str) -> None:
    assert client.post(path).status_code == 405
