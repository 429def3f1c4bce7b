"""The tokens in password reset mails."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from portal.models import User


class ResetTokenGenerator(PasswordResetTokenGenerator):
    """Django's tokens, which end with the password, a sign-in or the address, and here also with all other access."""

    def check_token(self, user: User | None, token: str | None) -> bool:
        """Return whether the token is valid for this person and they are active."""
        return user is not None and user.is_active and super().check_token(user, token)

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        ended_at: datetime | None = user.access_ended_at
        return super()._make_hash_value(user, timestamp) + (ended_at.isoformat() if ended_at else "")
