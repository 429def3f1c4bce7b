"""Models: OAuth clients and removed ones, the phone of each sign-in, sign-outs, resource servers, counted requests."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from .realms import realm_of
from .redirects import is_registered, may_be_registered


class Client(AbstractApplication):
    """A public client with the authorization code grant, in place of django-oauth-toolkit's Application."""

    client_type = models.CharField(
        max_length=32, choices=AbstractApplication.CLIENT_TYPES, default=AbstractApplication.CLIENT_PUBLIC
    )
    authorization_grant_type = models.CharField(
        max_length=44, choices=AbstractApplication.GRANT_TYPES, default=AbstractApplication.GRANT_AUTHORIZATION_CODE
    )
    # Apps are public clients and have no secret.
    client_secret = models.CharField(max_length=255, blank=True, default="", editable=False)
    hash_client_secret = models.BooleanField(default=False, editable=False)
    needs_realm = models.BooleanField(
        _("hosted sites only"),
        default=False,
        help_text=_("If selected, only the hosted sites that list this app accept it; Gatepass itself does not."),
    )

    objects: ClassVar[models.Manager[Client]] = models.Manager()

    def clean(self) -> None:
        """Raises ValidationError unless this is a public code client with redirect URIs of the apps."""
        super().clean()
        if self.client_type != self.CLIENT_PUBLIC:
            raise ValidationError(
                {"client_type": _("Only public clients are supported, because an app cannot store a secret securely.")}
            )
        if self.authorization_grant_type != self.GRANT_AUTHORIZATION_CODE:
            raise ValidationError({"authorization_grant_type": _("Only the authorization code grant is supported.")})
        if not all(may_be_registered(uri) for uri in self.redirect_uris.split()):
            raise ValidationError({"redirect_uris": _("Only the redirect URLs of the apps are allowed.")})
        if self.skip_authorization:
            raise ValidationError({"skip_authorization": _("Consent must be required every time.")})

    def redirect_uri_allowed(self, uri: str) -> bool:
        """Return whether ``uri`` is exactly a registered redirect URI. django-oauth-toolkit's hook."""
        return is_registered(uri, self.redirect_uris)

    def is_usable(self, request: Any) -> bool:
        """Return whether the realm of this oauthlib request lists the client. django-oauth-toolkit's hook."""
        realm = realm_of(getattr(request, "headers", None) or {})
        return realm.admits(self.client_id, needs_realm=self.needs_realm)


class RemovedClient(models.Model):
    """The client ID of a removed client. Phones send it until they get the new app configuration."""

    client_id = models.CharField(max_length=100, primary_key=True)

    objects: ClassVar[models.Manager[RemovedClient]] = models.Manager()

    def __str__(self) -> str:
        return self.client_id


def known_client_id(client_id: str) -> str:
    """Return the client ID if its client exists or was removed, else an empty text."""
    for model in (Client, RemovedClient):
        if client_id and model._default_manager.filter(client_id=client_id).exists():
            return client_id
    return ""


class Device(models.Model):
    """The phone of one sign-in: its name, the User-Agent that its app sends, and its latest IP address.

    Deleted when the sign-in ends. An address is personal data, so only the latest one is kept.
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


class SignOutQuerySet(models.QuerySet["SignOut"]):
    def unfinished(self) -> SignOutQuerySet:
        return self.filter(finished=None)


class SignOut(models.Model):
    """Many phones that a worker signs out in batches: ``done`` of ``total`` refresh tokens have ended."""

    refresh_tokens = models.JSONField(_("refresh tokens"), default=list)  # their keys
    # Of the client whose sign-ins all end; empty for any phones.
    client_id = models.CharField(_("client ID"), max_length=100, blank=True, default="")
    total = models.PositiveIntegerField(_("phones"))
    done = models.PositiveIntegerField(_("signed out"), default=0)
    requested = models.DateTimeField(_("requested"))
    finished = models.DateTimeField(_("finished"), null=True)

    objects = SignOutQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-out of many phones")
        verbose_name_plural = _("sign-outs of many phones")
        indexes = [models.Index(fields=["finished"], name="sign_out_unfinished")]

    def __str__(self) -> str:
        return f"{self.done}/{self.total}"


class ResourceServer(models.Model):
    """A server that may introspect the tokens of one realm, such as a gateway in front of Confluence."""

    name = models.CharField(_("name"), max_length=120)
    # The realm's issuer: a site's base URL or PUBLIC_URL. Tokens of other realms are unknown to this server.
    issuer = models.CharField(_("issuer"), max_length=300, db_index=True)
    client_id = models.CharField(_("client ID"), max_length=64, unique=True, editable=False)
    # A generated secret has 256 bits of entropy, so a fast hash (one SHA-256) is enough.
    secret_checksum = models.CharField(max_length=64, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    objects: ClassVar[models.Manager[ResourceServer]] = models.Manager()

    class Meta:
        verbose_name = _("resource server")
        verbose_name_plural = _("resource servers")

    def __str__(self) -> str:
        return self.name


class RateCount(models.Model):
    """A counter of a rate limit without Redis: the requests of one key in its latest window."""

    name = models.CharField(max_length=32, primary_key=True)
    window_number = models.BigIntegerField()
    count = models.BigIntegerField()
    expires = models.DateTimeField(db_index=True)

    objects: ClassVar[models.Manager[RateCount]] = models.Manager()

    def __str__(self) -> str:
        return self.name
