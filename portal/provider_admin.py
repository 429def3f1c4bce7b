"""Django admin of the OAuth provider: read-only clients, and tokens that can be revoked. Secrets are not shown.

The classes are here and not in ``oauth_provider``, because revoking is recorded in the audit log. django-oauth-toolkit
registers the first four (``*_ADMIN_CLASS``, see ``oauth_provider.conf``), so this module must not import its admin.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from oauth_provider.models import Device, ResourceServer, SignOut
from rollout.admin import ReadOnlyAdmin

from .accounts.access import person
from .accounts.people import revoke_access_token, revoke_phone
from .provided_sites.gateway_credentials import remove_credential


class NumberedAdmin(ReadOnlyAdmin):
    """Lists rows by their ID, because their text is a secret."""

    @admin.display(description=_("ID"), ordering="pk")
    def number(self, row: Any) -> int:
        return int(row.pk)


class ClientAdmin(ReadOnlyAdmin):
    """OAuth clients. They are created, rotated and deleted with their application link."""

    view_on_site = False
    list_display = ("name", "client", "redirect_urls", "needs_realm", "created")
    list_filter = ("needs_realm", "created")
    search_fields = ("name", "client_id")
    fields = (
        "name", "client", "redirect_urls", "needs_realm", "client_type", "authorization_grant_type", "created",
        "updated",
    )  # fmt: skip

    @admin.display(description=_("client ID"), ordering="client_id")
    def client(self, client: Any) -> str:
        return str(client.client_id)

    @admin.display(description=_("redirect URLs"))
    def redirect_urls(self, client: Any) -> str:
        return str(client.redirect_uris)


class GrantAdmin(NumberedAdmin):
    """Authorization codes that were not exchanged for a token yet."""

    list_display = ("number", "application", "user", "created", "expires")
    list_select_related = ("application", "user")
    list_filter = ("created",)
    search_fields = ("application__client_id", "user__email")
    fields = ("application", "user", "scope", "redirect_url", "created", "expires")

    @admin.display(description=_("redirect URL"))
    def redirect_url(self, grant: Any) -> str:
        return str(grant.redirect_uri)


class TokenAdmin(NumberedAdmin):
    """Common parts of access and refresh tokens."""

    list_select_related = ("application", "user")
    search_fields = ("application__client_id", "user__email")
    actions = ("revoke",)

    @admin.action(description=_("Revoke (the phone must sign in again)"), permissions=["operate"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[Any]) -> None:
        for token in tokens:
            self.revoke_token(request, token)
        text = ngettext("%(count)d token was revoked.", "%(count)d tokens were revoked.", len(tokens)) % {
            "count": len(tokens)
        }
        self.message_user(request, text % {"count": len(tokens)}, messages.SUCCESS)

    def revoke_token(self, request: HttpRequest, token: Any) -> None:
        """Revoke one token and record it in the audit log."""
        raise NotImplementedError


class AccessTokenAdmin(TokenAdmin):
    list_display = ("number", "user", "application", "created", "expires")
    list_filter = ("created",)
    fields = ("user", "application", "scope", "created", "expires")

    def revoke_token(self, request: HttpRequest, token: Any) -> None:
        revoke_access_token(actor=person(request), owner=token.user, pk=token.pk)


class RefreshTokenAdmin(TokenAdmin):
    list_display = ("number", "user", "application", "created", "revoked")
    list_filter = ("created", "revoked")
    fields = ("user", "application", "token_family", "created", "revoked")

    def revoke_token(self, request: HttpRequest, token: Any) -> None:
        revoke_phone(actor=person(request), owner=token.user, pk=token.pk)


@admin.register(Device)
class DeviceAdmin(NumberedAdmin):
    list_display = ("number", "person", "name", "user_agent", "address")
    list_select_related = ("refresh_token__user",)
    search_fields = ("name", "user_agent", "refresh_token__user__email")
    fields = ("person", "name", "user_agent", "address")

    @admin.display(description=_("person"))
    def person(self, device: Device) -> str:
        return str(device.refresh_token.user)


@admin.register(SignOut)
class SignOutAdmin(ReadOnlyAdmin):
    list_display = ("requested", "total", "done", "finished")
    fields = ("requested", "client_id", "total", "done", "finished")


@admin.register(ResourceServer)
class ResourceServerAdmin(ReadOnlyAdmin):
    """Gateway credentials. The site's page creates them and shows their secret once. Deleting one revokes it."""

    list_display = ("name", "issuer", "client_id", "created")
    search_fields = ("name", "issuer", "client_id")
    fields = ("name", "issuer", "client_id", "created")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_operate_permission(request)

    def delete_model(self, request: HttpRequest, obj: ResourceServer) -> None:
        remove_credential(actor=person(request), server=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ResourceServer]) -> None:
        for server in queryset:
            self.delete_model(request, server)
