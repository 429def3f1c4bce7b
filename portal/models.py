"""People: the user of every page, and the single-use links that let one in without a password."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    SITE_OWNER = "site_owner", _("Site owner")
    AUDITOR = "auditor", _("Auditor")
    MEMBER = "member", _("Member")


class UserManager(BaseUserManager["User"]):
    """Makes users who sign in with their e-mail address."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        """Return a saved user. Without a password the account can only be entered by a sign-in link."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(
            email, password, **{"role": Role.ADMINISTRATOR, "is_staff": True, "is_superuser": True, **fields}
        )


class User(AbstractUser):  # type: ignore[django-manager-missing]  # the clients of a user have a plain manager
    """A person. The e-mail address is the name they sign in with; the role says what they may see and do."""

    username = None  # type: ignore[assignment]  # Django documents None as how to leave it out
    email = models.EmailField(_("e-mail address"), unique=True)
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.MEMBER)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]  # of users without a username

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR

    @property
    def reads_all_sites(self) -> bool:
        return self.role in {Role.ADMINISTRATOR, Role.AUDITOR}

    @property
    def works_with_sites(self) -> bool:
        """Whether the dashboard is for them; members only see their own passes and devices."""
        return self.role != Role.MEMBER


class SignInLink(models.Model):
    """A link that signs one person in once. Only its digest is stored; opening it uses nothing up, the button does."""

    class Purpose(models.TextChoices):
        WELCOME = "welcome", _("First sign-in")
        REHEARSAL = "rehearsal", _("Rehearsal")

    digest = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_in_links")
    purpose = models.CharField(max_length=16, choices=Purpose.choices, default=Purpose.WELCOME)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="sign_in_link_expiry")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {self.user}"
