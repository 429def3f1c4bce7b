"""Django admin for operations: clients and tokens to look at and to revoke, never a credential.

django-oauth-toolkit registers these classes (``*_ADMIN_CLASS`` in ``conf``), so this module must not import its admin.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .models import Device, ResourceServer
from .tokens import sessions


class ReadOnlyAdmin(admin.ModelAdmin):
    """Clients are made, rotated and removed with their application link; codes and tokens by the protocol."""

    view_on_site = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ClientAdmin(ReadOnlyAdmin):
    list_display = ("name", "client_id", "redirect_uris", "needs_realm", "created")
    list_filter = ("needs_realm", "created")
    search_fields = ("name", "client_id")
    fields = readonly_fields = (
        "name", "client_id", "redirect_uris", "needs_realm", "client_type", "authorization_grant_type", "created",
        "updated",
    )  # fmt: skip


class GrantAdmin(ReadOnlyAdmin):
    list_display = ("pk", "application", "user", "created", "expires")
    list_select_related = ("application", "user")
    list_filter = ("created",)
    search_fields = ("application__client_id", "user__email")
    fields = readonly_fields = ("application", "user", "scope", "redirect_uri", "created", "expires")


class TokenAdmin(ReadOnlyAdmin):
    list_select_related = ("application", "user")
    search_fields = ("application__client_id", "user__email")
    actions = ("revoke",)

    @admin.action(description=_("Revoke: the phone has to sign in again"))
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
    fields = readonly_fields = ("user", "application", "scope", "created", "expires")

    def end(self, request: HttpRequest, token: Any) -> None:
        sessions.end_access_token(token.pk)


class RefreshTokenAdmin(TokenAdmin):
    list_display = ("pk", "user", "application", "created", "revoked")
    list_filter = ("created", "revoked")
    fields = readonly_fields = ("user", "application", "token_family", "created", "revoked")

    def end(self, request: HttpRequest, token: Any) -> None:
        sessions.end_sessions([token.pk])


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin):
    list_display = ("pk", "person", "name", "user_agent", "address")
    list_select_related = ("refresh_token__user",)
    search_fields = ("name", "user_agent", "refresh_token__user__email")
    fields = readonly_fields = ("person", "name", "user_agent", "address")

    @admin.display(description=_("person"))
    def person(self, device: Device) -> str:
        return str(device.refresh_token.user)


@admin.register(ResourceServer)
class ResourceServerAdmin(admin.ModelAdmin):
    """Deleting one ends what it may ask, at once. They are made where their secret can be shown."""

    list_display = ("name", "issuer", "client_id", "created")
    search_fields = ("name", "issuer", "client_id")
    fields = readonly_fields = ("name", "issuer", "client_id", "created")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
