"""A person's browser sheet without JavaScript: follows the URL, signs in by the form, presses a button."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

import requests


class Forms(HTMLParser):
    """The forms of a page: where they go, and the values of their fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((values.get("action", ""), {}))
        elif tag in {"input", "button"} and self.found and "name" in values:
            self.found[-1][1].setdefault(values["name"], values.get("value", ""))

    def with_field(self, name: str) -> tuple[str, dict[str, str]]:
        """The action and the fields of the one form that has this field."""
        return next(form for form in self.found if name in form[1])


def sign_in_and_answer(authorization_url: str, email: str, password: str, answer: str = "allow") -> str:
    """Return the URL the app is called back with. Every page and form in between is the real one."""
    with requests.Session() as browser:
        page = browser.get(authorization_url, timeout=10)
        assert "/accounts/login/" in page.url, page.url
        action, fields = Forms(page.text).with_field("login")
        fields |= {"login": email, "password": password}
        page = browser.post(urljoin(page.url, action), fields, headers={"Referer": page.url}, timeout=10)
        assert page.url == authorization_url, page.text[:2000]
        action, fields = Forms(page.text).with_field("answer")
        fields["answer"] = answer
        done = browser.post(
            urljoin(page.url, action) if action else page.url,
            fields,
            headers={"Referer": page.url},
            allow_redirects=False,
            timeout=10,
        )
        assert done.status_code == 302, done.text[:2000]
        return done.headers["Location"]
