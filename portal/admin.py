"""Django admin: users, sign-in links and second factors. The admin site uses the sign-in of all other pages."""

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
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from oauth2_provider.admin import id_token_model as IdToken  # noqa: N812  (a model)

from rollout.admin import ReadOnlyAdmin

from .models import AccountNotice, ApiToken, SignInLink, User

admin.site.site_header = _("Gatepass operations")
admin.site.site_title = _("Gatepass")
admin.site.index_title = _("Operations")
admin.site.site_url = "/"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def _own_password_page(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Redirect to the page that changes a password: it has rate limits and policies, Django's own form has none."""
    return redirect("account_change_password")


admin.site.password_change = _own_password_page  # type: ignore[method-assign,assignment]

# Not in the admin site: groups (roles are a field of the user), e-mail addresses (changes must be audited), second
# factors (registered below without their secrets), and OpenID Connect models (not used).
for model in (Group, EmailAddress, Authenticator, UserSession, SocialAccount, SocialApp, SocialToken, IdToken):
    admin.site.unregister(model)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Users, read-only. The People page adds, changes and deactivates them and records it in the audit log."""

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
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SignInLink)
class SignInLinkAdmin(ReadOnlyAdmin):
    list_display = ["user", "purpose", "created_at", "expires_at", "used_at"]
    list_filter = ["purpose"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    exclude = ["digest"]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ["name", "person", "scopes", "created_at", "expires_at", "last_used_at", "ended_at"]
    list_select_related = ["person"]
    search_fields = ["name", "person__email"]
    exclude = ["digest"]


@admin.register(AccountNotice)
class AccountNoticeAdmin(ReadOnlyAdmin):
    list_display = ["person", "kind", "at", "attempts", "mailed_at"]
    list_filter = ["kind"]
    list_select_related = ["person"]
    search_fields = ["person__email"]


@admin.register(Authenticator)
class SecondFactorAdmin(ReadOnlyAdmin):
    """Second factors and when they were used, without ``data``, which contains the secret."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    exclude = ["data"]
