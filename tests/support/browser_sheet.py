"""Browser sheet of the app without JavaScript: opens a URL, signs in with the form and submits the consent page."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

import requests


class Forms(HTMLParser):
    """Forms of a page: their actions and the values of their fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((values.get("action", ""), {}))
        elif tag in {"input", "button"} and self.forms and "name" in values:
            self.forms[-1][1].setdefault(values["name"], values.get("value", ""))

    def with_field(self, name: str) -> tuple[str, dict[str, str]]:
        """Return action and fields of the form that has this field."""
        return next(form for form in self.forms if name in form[1])


def sign_in_and_answer(authorization_url: str, email: str, password: str, answer: str = "allow") -> str:
    """Sign in, submit the consent page and return the callback URL of the app."""
    with requests.Session() as browser:
        page = browser.get(authorization_url, timeout=10)
        assert "/accounts/login/" in page.url, page.url
        action, fields = Forms(page.text).with_field("login")
        fields |= {"login": email, "password": password}
        page = browser.post(urljoin(page.url, action), fields, headers={"Referer": page.url}, timeout=10)
        assert page.url == authorization_url, page.text[:2000]
        action, fields = Forms(page.text).with_field("answer")
        fields["answer"] = answer
        response = browser.post(
            urljoin(page.url, action) if action else page.url,
            fields,
            headers={"Referer": page.url},
            allow_redirects=False,
            timeout=10,
        )
        assert response.status_code == 302, response.text[:2000]
        return response.headers["Location"]
