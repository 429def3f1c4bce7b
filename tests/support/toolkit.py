"""What our code assumes about django-oauth-toolkit: the columns that our SQL writes, and the code that ours replaces.

``tests/cases/toolkit.json`` describes the version that was last compared. To write it again, after reading what has
changed (docs/provider.md): ``.venv/bin/python -m tests.support.toolkit``
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import json
import textwrap
from importlib.metadata import version
from typing import Any

from django.db import models
from django.db.models.fields import NOT_PROVIDED

from .paths import ROOT

FILE = ROOT / "tests" / "cases" / "toolkit.json"
MODELS = ("AbstractApplication", "Grant", "AccessToken", "RefreshToken")
# By the module of ours that overrides, calls or replaces it.
SOURCES = {
    "oauth_provider/validators.py": (
        "oauth2_validators.OAuth2Validator._load_application",
        "oauth2_validators.OAuth2Validator.validate_client_id",
        "oauth2_validators.OAuth2Validator.validate_redirect_uri",
        "oauth2_validators.OAuth2Validator.validate_response_type",
        "oauth2_validators.OAuth2Validator.validate_scopes",
        "oauth2_validators.OAuth2Validator.is_pkce_required",
        "oauth2_validators.OAuth2Validator.save_authorization_code",
        "oauth2_validators.OAuth2Validator._create_authorization_code",
        "oauth2_validators.OAuth2Validator.validate_bearer_token",
        "oauth2_validators.OAuth2Validator._load_access_token",
        "oauth2_validators.OAuth2Validator.get_default_redirect_uri",
        "oauth2_validators.OAuth2Validator.get_default_scopes",
    ),
    "oauth_provider/models.py": (
        "models.AbstractApplication.redirect_uri_allowed",
        "models.AbstractApplication.is_usable",
        "models.AbstractApplication.clean",
    ),
    "oauth_provider/tokens/redemption.py": (
        "oauth2_validators.OAuth2Validator.validate_code",
        "oauth2_validators.OAuth2Validator.confirm_redirect_uri",
        "oauth2_validators.OAuth2Validator.invalidate_authorization_code",
        "oauth2_validators.OAuth2Validator.validate_refresh_token",
        "oauth2_validators.OAuth2Validator._save_bearer_token",
        "oauth2_validators.OAuth2Validator._create_access_token",
        "oauth2_validators.OAuth2Validator._create_refresh_token",
        "oauth2_validators.OAuth2Validator.revoke_token",
        "models.TokenChecksumField",
        "models.AbstractAccessToken.is_valid",
        "models.AbstractGrant.is_expired",
        "models.AbstractRefreshToken.revoke",
        "models.AbstractRefreshToken.revoke_family",
    ),
    "oauth_provider/tokens/clean_up.py": ("models.clear_expired",),
    "oauth_provider/scopes.py": ("scopes.BaseScopes",),
    "oauth_provider/endpoints/authorize.py": (
        "views.base.BaseAuthorizationView",
        "views.mixins.OAuthLibMixin",
        "oauth2_backends.OAuthLibCore.validate_authorization_request",
        "oauth2_backends.OAuthLibCore.create_authorization_response",
    ),
    "oauth_provider/endpoints/machine.py": (
        "views.base.TokenView",
        "views.base.RevokeTokenView",
        "views.introspect.IntrospectTokenView",
    ),
    "oauth_provider/endpoints/server.py": ("oauth2_backends.OAuthLibCore._extract_params",),
    "portal/api/auth.py": ("oauth2_backends.OAuthLibCore.verify_request",),
}


def snapshot() -> dict[str, Any]:
    """Return what the installed version is like."""
    toolkit = importlib.import_module("oauth2_provider.models")
    return {
        "version": version("django-oauth-toolkit"),
        "columns": {name: columns_of(getattr(toolkit, name)) for name in MODELS},
        "sources": {path: digest_of(path) for paths in SOURCES.values() for path in paths},
    }


def columns_of(model: type[models.Model]) -> dict[str, str]:
    """Return the type, nullability, uniqueness and defaults of each column."""
    return {field.attname: _description(field) for field in model._meta.concrete_fields}


def required_columns(model: type[models.Model]) -> set[str]:
    """Return the columns without which an INSERT fails."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    return {str(field.column) for field in fields if not field.null and field.db_default is NOT_PROVIDED}


def digest_of(path: str) -> str:
    """Return a digest of a class or function in ``oauth2_provider``, without comments and docstrings, or "absent"."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(_resolve(path))))
    except (ImportError, KeyError):
        return "absent"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def _resolve(path: str) -> Any:
    """Return the class or function. Raises ImportError or KeyError."""
    names = path.split(".")
    length = 2 if names[0] == "views" else 1
    found: Any = importlib.import_module(".".join(["oauth2_provider", *names[:length]]))
    for name in names[length:]:
        found = vars(found)[name]
    return found


def _description(field: models.Field) -> str:
    words = [type(field).__name__]
    if field.max_length:
        words.append(f"max_length={field.max_length}")
    if isinstance(field, models.ForeignKey):
        target: Any = field.related_model  # of an abstract model, the setting's text
        words.append(f"to={target if isinstance(target, str) else target._meta.label}")
    words.append("null" if field.null else "not null")
    if field.unique:
        words.append("unique")
    for name in ("default", "db_default"):
        value = getattr(field, name)
        if value is not NOT_PROVIDED:
            words.append(f"{name}={value.__name__ if callable(value) else repr(value)}")
    return " ".join(words)


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    FILE.write_text(json.dumps(snapshot(), indent=2) + "\n")
