"""Users, links that sign a user in once, notices about accounts, and tokens of the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.utils import timezone
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


class AccountNotice(models.Model):
    """Something that was done to an account. Its person gets it by e-mail and sees it on their pages.

    The row is the queue of the mail: ``due_at`` is its next attempt, ``mailed_at`` when the mail server accepted it.
    """

    class Kind(models.TextChoices):
        SIGN_IN_LINK = "sign_in_link", _("Sign-in link created")
        ROLE = "role", _("Role changed")
        SIGNED_OUT = "signed_out", _("Signed out")
        PASSWORD = "password", _("New password")
        FACTOR_ADDED = "factor_added", _("Second factor added")
        FACTOR_REMOVED = "factor_removed", _("Second factor removed")
        TOKEN_REUSED = "token_reused", _("Phone signed out: a copied sign-in was used")
        TOKEN_REUSED_BY = "token_reused_by", _("A copied sign-in of a person was used")
        API_TOKEN = "api_token", _("Personal token created")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="account_notices")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    actor_label = models.CharField(_("actor"), max_length=200)
    about = models.CharField(_("about"), max_length=200, blank=True, default="")
    at = models.DateTimeField(_("time"))
    due_at = models.DateTimeField(_("next attempt"), db_index=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    mailed_at = models.DateTimeField(_("e-mail sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("account notice")
        verbose_name_plural = _("account notices")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["person", "-at"], name="account_notice_of_person")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.person}"

    @property
    def sentence(self) -> str:
        """What happened, for the person whose notice this is."""
        return _SENTENCES[self.Kind(self.kind)] % {"actor": self.actor_label, "about": self.about}


_SENTENCES: dict[AccountNotice.Kind, Any] = {
    AccountNotice.Kind.SIGN_IN_LINK: _(
        "%(actor)s created a link that signs in to your account once. If you did not ask for one, ask them why."
    ),
    AccountNotice.Kind.ROLE: _("%(actor)s changed your role to %(about)s."),
    AccountNotice.Kind.SIGNED_OUT: _("%(actor)s signed you out: %(about)s."),
    AccountNotice.Kind.PASSWORD: _(
        "%(actor)s set a new password for your account. All other browsers and your phones were signed out, and your "
        "personal tokens revoked."
    ),
    AccountNotice.Kind.FACTOR_ADDED: _("%(actor)s added a second factor to your account."),
    AccountNotice.Kind.FACTOR_REMOVED: _("%(actor)s removed a second factor from your account."),
    AccountNotice.Kind.TOKEN_REUSED: _(
        "A copy of the sign-in of one of your phones was used (%(about)s). Gatepass signed that phone out, because one "
        "of the copies is probably stolen. Sign in again on your phone. If it happens again, tell an administrator."
    ),
    AccountNotice.Kind.TOKEN_REUSED_BY: _(
        "A copy of the sign-in of a phone of %(about)s was used. Gatepass signed that phone out and told the person."
    ),
    AccountNotice.Kind.API_TOKEN: _(
        "A personal token was created for your account: %(about)s. Programs that have it act as you. If you did not "
        "create it, revoke it and change your password."
    ),
}


class ApiToken(models.Model):
    """A token with which a program uses the API. Only its digest is stored.

    A personal token acts as its person, with their rights. A service token has no person and belongs to a program.
    """

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        WRITE = "write", _("Read and write")
        METRICS = "metrics", _("Metrics")

    NAME_LENGTH = 60

    digest = models.CharField(max_length=64, unique=True, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="api_tokens",
        null=True,
        blank=True,
        verbose_name=_("person"),
    )
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    scopes = models.JSONField(_("scopes"))
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    # When it was revoked, or when its expiry was recorded.
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects: ClassVar[models.Manager[ApiToken]] = models.Manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["expires_at"], name="api_token_expiry")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.ended_at is None and self.expires_at > timezone.now()

    @property
    def is_revoked(self) -> bool:
        return self.ended_at is not None and self.ended_at < self.expires_at

    @property
    def expires_soon(self) -> bool:
        return self.is_live and self.expires_at - timezone.now() < timedelta(days=5)

    @property
    def scope_labels(self) -> list[str]:
        return [str(label) for scope, label in self.Scope.choices if scope in self.scopes]

    def allows(self, scope: str) -> bool:
        """Return whether it has this scope; ``write`` includes ``read``."""
        return scope in self.scopes or (scope == self.Scope.READ and self.Scope.WRITE in self.scopes)
