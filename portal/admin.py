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
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from oauth2_provider.admin import id_token_model as IdToken  # noqa: N812  (a model)

from rollout.admin import ReadOnlyAdmin

from .models import SignInLink, User

admin.site.site_header = _("Gatepass operations")
admin.site.site_title = _("Gatepass")
admin.site.index_title = _("Look, check again, revoke")
admin.site.site_url = "/"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# Roles are a field of the user; groups would be a second way to say the same. An address is changed with its audit or
# not at all, what a second factor is made of is nobody's to see, and OpenID Connect is off.
for model in (Group, EmailAddress, Authenticator, UserSession, SocialAccount, SocialApp, SocialToken, IdToken):
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
