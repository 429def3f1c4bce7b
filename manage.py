#!/usr/bin/env python
"""Gatepass's command line. Commands call the same services as the pages."""

import os
import secrets
import sys

# Commands that neither store nor serve anything run without a SECRET_KEY and PUBLIC_URL.
WITHOUT_SETUP = {"check_site"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if set(sys.argv[1:2]) & WITHOUT_SETUP and "SECRET_KEY_FILE" not in os.environ:
        os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
        os.environ.setdefault("PUBLIC_URL", "http://127.0.0.1:8000")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit("Django is not installed here: run `make run`, or use .venv/bin/python.") from error
    from django.core.exceptions import ImproperlyConfigured

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
