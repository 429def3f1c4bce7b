"""The WSGI callable, for any server."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup(set_prefix=False)

from portal.serving.handler import Handler  # noqa: E402 - it reads the settings

application = Handler()
