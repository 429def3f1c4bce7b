"""Users, and single-use links that sign a user in without a password."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    SITE_OWNER = "site_owner", _("Site owner")
    AUDITOR = "auditor", _("Auditor")
    MEMBER = "member", _("Member")


class UserManager(BaseUserManager["User"]):
    """Manager of users who sign in with their e-mail address."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        """Create and return a user. Without a password, they can only sign in with a sign-in link."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(
            email, password, **{"role": Role.ADMINISTRATOR, "is_staff": True, "is_superuser": True, **fields}
        )


class User(AbstractUser):  # type: ignore[django-manager-missing]  # the user's clients have a plain manager
    """A person. They sign in with their e-mail address; their role determines what they may see and do."""

    username = None  # type: ignore[assignment]  # as Django documents for removing the field
    email = models.EmailField(_("e-mail address"), unique=True)
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.MEMBER)
    # Browser sessions and password reset links from before this time are void (accounts.ended_access).
    access_ended_at = models.DateTimeField(_("access ended"), null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]  # of users without a username

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row in one transaction with what the receivers of its signals end and record."""
        with transaction.atomic():
            super().save(*args, **kwargs)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return Django's hash of the password, with ``access_ended_at`` once that is set: older sessions are void."""
        value = self.password
        if self.access_ended_at:
            value += self.access_ended_at.isoformat()
        key_salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        return salted_hmac(key_salt, value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR

    @property
    def reads_all_sites(self) -> bool:
        return self.role in {Role.ADMINISTRATOR, Role.AUDITOR}

    @property
    def works_with_sites(self) -> bool:
        """Whether they use the dashboard. Members only see their own passes and devices."""
        return self.role != Role.MEMBER


class SignInLink(models.Model):
    """A link that signs one person in once. Only its digest is stored. Opening the link does not count as a use."""

    class Purpose(models.TextChoices):
        WELCOME = "welcome", _("First sign-in")
        REHEARSAL = "rehearsal", _("Sign-in test")

    digest = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_in_links")
    purpose = models.CharField(max_length=16, choices=Purpose.choices, default=Purpose.WELCOME)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("sign-in link")
        verbose_name_plural = _("sign-in links")
        indexes = [models.Index(fields=["expires_at"], name="sign_in_link_expiry")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {self.user}"
