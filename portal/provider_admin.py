"""The provider's tables in Django admin: clients and tokens to look at and to revoke, never a credential.

They are registered here and not by the provider, because what an administrator ends is recorded in the audit trail.
django-oauth-toolkit registers the first four (``*_ADMIN_CLASS``, see ``oauth_provider.conf``), so this module must not
import its admin.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from oauth_provider.models import Device, ResourceServer
from rollout.admin import ReadOnlyAdmin

from .accounts.access import person
from .accounts.people import revoke_access_token, revoke_phone
from .provided_sites.gateway_credentials import remove_credential


class ClientAdmin(ReadOnlyAdmin):
    """Clients are created, rotated and removed with their application link."""

    view_on_site = False
    list_display = ("name", "client_id", "redirect_uris", "needs_realm", "created")
    list_filter = ("needs_realm", "created")
    search_fields = ("name", "client_id")
    fields = (
        "name", "client_id", "redirect_uris", "needs_realm", "client_type", "authorization_grant_type", "created",
        "updated",
    )  # fmt: skip


class GrantAdmin(ReadOnlyAdmin):
    list_display = ("pk", "application", "user", "created", "expires")
    list_select_related = ("application", "user")
    list_filter = ("created",)
    search_fields = ("application__client_id", "user__email")
    fields = ("application", "user", "scope", "redirect_uri", "created", "expires")


class TokenAdmin(ReadOnlyAdmin):
    list_select_related = ("application", "user")
    search_fields = ("application__client_id", "user__email")
    actions = ("revoke",)

    @admin.action(description=_("Revoke: the phone has to sign in again"), permissions=["operate"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[Any]) -> None:
        for token in tokens:
            self.end(request, token)
        text = ngettext("%(count)d token revoked.", "%(count)d tokens revoked.", len(tokens)) % {"count": len(tokens)}
        self.message_user(request, text, messages.SUCCESS)

    def end(self, request: HttpRequest, token: Any) -> None:
        raise NotImplementedError


class AccessTokenAdmin(TokenAdmin):
    list_display = ("pk", "user", "application", "created", "expires")
    list_filter = ("created",)
    fields = ("user", "application", "scope", "created", "expires")

    def end(self, request: HttpRequest, token: Any) -> None:
        revoke_access_token(actor=person(request), owner=token.user, pk=token.pk)


class RefreshTokenAdmin(TokenAdmin):
    list_display = ("pk", "user", "application", "created", "revoked")
    list_filter = ("created", "revoked")
    fields = ("user", "application", "token_family", "created", "revoked")

    def end(self, request: HttpRequest, token: Any) -> None:
        revoke_phone(actor=person(request), owner=token.user, pk=token.pk)


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin):
    list_display = ("pk", "person", "name", "user_agent", "address")
    list_select_related = ("refresh_token__user",)
    search_fields = ("name", "user_agent", "refresh_token__user__email")
    fields = ("person", "name", "user_agent", "address")

    @admin.display(description=_("person"))
    def person(self, device: Device) -> str:
        return str(device.refresh_token.user)


@admin.register(ResourceServer)
class ResourceServerAdmin(ReadOnlyAdmin):
    """Removing one refuses its credential from then on. They are created where their secret can be shown."""

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
