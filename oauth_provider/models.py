"""The OAuth client, in place of django-oauth-toolkit's Application; and the phone of each sign-in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from .realms import realm_of
from .redirects import is_registered, may_be_registered


class Client(AbstractApplication):
    """A public client with the authorization code grant; nothing else is saved by a form."""

    client_type = models.CharField(
        max_length=32, choices=AbstractApplication.CLIENT_TYPES, default=AbstractApplication.CLIENT_PUBLIC
    )
    authorization_grant_type = models.CharField(
        max_length=44, choices=AbstractApplication.GRANT_TYPES, default=AbstractApplication.GRANT_AUTHORIZATION_CODE
    )
    # An app cannot keep a secret, so there is none.
    client_secret = models.CharField(max_length=255, blank=True, default="", editable=False)
    hash_client_secret = models.BooleanField(default=False, editable=False)
    needs_realm = models.BooleanField(
        _("needs a realm"),
        default=False,
        help_text=_("Accepts requests only under the sites that list it, not at the root of this server."),
    )

    objects: ClassVar[models.Manager[Client]] = models.Manager()

    def clean(self) -> None:
        """Raises ValidationError for anything but a public code client with the app's own redirect URIs."""
        super().clean()
        if self.client_type != self.CLIENT_PUBLIC:
            raise ValidationError({"client_type": _("Only public clients: an app cannot keep a secret.")})
        if self.authorization_grant_type != self.GRANT_AUTHORIZATION_CODE:
            raise ValidationError({"authorization_grant_type": _("Only the authorization code grant.")})
        if not all(may_be_registered(uri) for uri in self.redirect_uris.split()):
            raise ValidationError({"redirect_uris": _("Only the redirect URL of the app itself.")})
        if self.skip_authorization:
            raise ValidationError({"skip_authorization": _("Consent is required every time.")})

    def redirect_uri_allowed(self, uri: str) -> bool:
        return is_registered(uri, self.redirect_uris)

    def is_usable(self, request: Any) -> bool:
        """Whether the realm of this (oauthlib) request lists the client; if not, it is unknown there."""
        realm = realm_of(getattr(request, "headers", None) or {})
        return realm.admits(self.client_id, needs_realm=self.needs_realm)


class Device(models.Model):
    """The phone that one sign-in is on: what its person calls it, what its app claims to be, where it came from last.

    It lives as long as the sign-in: an address is personal data, and its latest value is the only one kept.
    """

    NAME_LENGTH, USER_AGENT_LENGTH = 60, 200

    refresh_token = models.OneToOneField(
        "oauth2_provider.RefreshToken", on_delete=models.CASCADE, primary_key=True, related_name="device"
    )
    name = models.CharField(_("name"), max_length=NAME_LENGTH, blank=True, default="")
    user_agent = models.CharField(max_length=USER_AGENT_LENGTH, blank=True, default="")
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)

    objects: ClassVar[models.Manager[Device]] = models.Manager()

    def __str__(self) -> str:
        return self.name or self.user_agent


class ResourceServer(models.Model):
    """Somebody who may ask whether a token is alive, in one realm: a gateway in front of Confluence, for instance."""

    name = models.CharField(_("name"), max_length=120)
    # The realm's issuer, the base URL of a site or PUBLIC_URL: tokens of any other one do not exist for it.
    issuer = models.CharField(_("issuer"), max_length=300, db_index=True)
    client_id = models.CharField(_("client ID"), max_length=64, unique=True, editable=False)
    # A generated secret has 256 bits of randomness: one SHA-256 is enough, and quick.
    secret_checksum = models.CharField(max_length=64, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    objects: ClassVar[models.Manager[ResourceServer]] = models.Manager()

    class Meta:
        verbose_name = _("resource server")
        verbose_name_plural = _("resource servers")

    def __str__(self) -> str:
        return self.name


class RateCount(models.Model):
    """A counter of a rate limit, where there is no Redis: what was asked in the latest window of one key."""

    name = models.CharField(max_length=32, primary_key=True)
    window_number = models.BigIntegerField()
    count = models.BigIntegerField()
    expires = models.DateTimeField(db_index=True)

    objects: ClassVar[models.Manager[RateCount]] = models.Manager()

    def __str__(self) -> str:
        return self.name
