"""Encrypts every stored secret again with the first of ``CREDENTIAL_KEYS``, so that the older keys can be removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.dispatch import Signal

from rollout.actor import Actor
from rollout.models import SiteCertificate, SiteCredential, Webhook

from . import audit, vault

# Where encrypted values are stored: the model and its columns.
SEALED: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (SiteCredential, ("token",)),
    (SiteCertificate, ("sealed",)),
    (Webhook, ("secret", "old_secret")),
)


# Sent to owners of encrypted values outside our own columns: they encrypt them again and return a ``Rotation``.
rotating = Signal()


@dataclass(frozen=True)
class Rotation:
    """``sealed`` rows were encrypted again; ``lost`` names those that no key decrypts, each as ``table #id``."""

    sealed: int
    lost: tuple[str, ...]


def rotate_credentials(*, actor: Actor | None) -> Rotation:
    """Encrypt every stored secret again; a row that no key decrypts stays and is named. Raises VaultError.

    Rows are locked one by one: a token that is replaced meanwhile is already encrypted with the first key.
    """
    vault.seal("")  # without a key, fail before the first row
    sealed, lost = 0, list[str]()
    for model, columns in SEALED:
        for pk in list(model._default_manager.values_list("pk", flat=True).order_by("pk")):
            try:
                sealed += _seal_again(model, pk, columns)
            except vault.VaultError:
                lost.append(f"{model._meta.verbose_name} #{pk}")
    rotation: Any
    for _receiver, rotation in rotating.send(sender=rotate_credentials):
        sealed += rotation.sealed
        lost += rotation.lost
    audit.record(actor=actor, action="credentials.rotated", details={"sealed": sealed, "lost": len(lost)})
    return Rotation(sealed, tuple(lost))


def _seal_again(model: type[Model], pk: int, columns: tuple[str, ...]) -> int:
    with transaction.atomic():
        row = model._default_manager.select_for_update(no_key=True).filter(pk=pk).first()
        if row is None:
            return 0
        for column in columns:
            if value := getattr(row, column):
                setattr(row, column, vault.seal_again(value))
        row.save(update_fields=columns)
    return 1
