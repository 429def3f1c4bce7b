"""Django admin for people, and the lock on its door: the same sign-in, second factor and limits as every page."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.admin import EmailAddress
from allauth.account.decorators import secure_admin_login
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.admin import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from oauth2_provider.admin import id_token_model as IdToken  # noqa: N812  (a model)
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from oauth_provider import admin as provider_admin
from oauth_provider.models import ResourceServer
from portal.accounts.access import person
from portal.accounts.people import revoke_access_token, revoke_phone
from portal.provided_sites.gateway_credentials import remove_credential
from rollout.admin import ReadOnlyAdmin

from .models import SignInLink, User

admin.site.site_header = _("Gatepass operations")
admin.site.site_title = _("Gatepass")
admin.site.index_title = _("Look, check again, revoke")
admin.site.site_url = "/"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# Roles are a field of the user; groups would be a second way to say the same. An address is changed with its audit or
# not at all, what a second factor is made of is nobody's to see, and OpenID Connect is off.
# What the provider's own classes would revoke without an event is registered again below.
AccessToken, RefreshToken = get_access_token_model(), get_refresh_token_model()
for model in (AccessToken, RefreshToken, ResourceServer, Group, EmailAddress, Authenticator, UserSession,
              SocialAccount, SocialApp, SocialToken, IdToken):  # fmt: skip
    admin.site.unregister(model)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """People. Adding one here sets no password: send them a sign-in link."""

    ordering = ["email"]
    list_display = ["email", "first_name", "last_name", "role", "is_active", "last_login"]
    list_filter = ["role", "is_active", "is_staff"]
    search_fields = ["email", "first_name", "last_name"]
    filter_horizontal: ClassVar[list[str]] = []
    fieldsets = [
        (None, {"fields": ["email", "first_name", "last_name", "role"]}),
        (_("Access"), {"fields": ["is_active", "is_staff", "is_superuser", "last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined", "email", "first_name", "last_name", "role", "is_active"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the page People adds a person, with its audit

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a person is deactivated, on the page People

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SignInLink)
class SignInLinkAdmin(ReadOnlyAdmin):
    list_display = ["user", "purpose", "created_at", "expires_at", "used_at"]
    list_filter = ["purpose"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    exclude = ["digest"]


@admin.register(Authenticator)
class SecondFactorAdmin(ReadOnlyAdmin):
    """Who has a second factor and when it was used; its secret is in ``data``."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    exclude = ["data"]


@admin.register(AccessToken)
class AccessTokenAdmin(provider_admin.AccessTokenAdmin):
    def end(self, request: HttpRequest, token: Any) -> None:
        revoke_access_token(actor=person(request), owner=token.user, pk=token.pk)


@admin.register(RefreshToken)
class RefreshTokenAdmin(provider_admin.RefreshTokenAdmin):
    def end(self, request: HttpRequest, token: Any) -> None:
        revoke_phone(actor=person(request), owner=token.user, pk=token.pk)


@admin.register(ResourceServer)
class ResourceServerAdmin(provider_admin.ResourceServerAdmin):
    def delete_model(self, request: HttpRequest, obj: ResourceServer) -> None:
        remove_credential(actor=person(request), server=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ResourceServer]) -> None:
        for server in queryset:
            self.delete_model(request, server)
