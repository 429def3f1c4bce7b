"""Client certificates of sites: stored for checks, replaced and removed.

1. The file and its password are never written to the database, the queue or a log; the certificate is stored encrypted.
2. It is encrypted together with the site's base URL and presented to no other one.
3. A change queues a check. A running check starts over when it finishes, as after an edit (``checks.evaluations``).
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor
from rollout.formats.client_certificate import ClientCertificateError, read_client_certificate
from rollout.http_client.client_identity import check_client_certificate
from rollout.models import CheckRun, Site, SiteCertificate

from . import audit, vault
from .checks import check_runs
from .sealed_certificates import open_certificate, seal_certificate


def store_certificate(*, actor: Actor, site: Site, file: bytes, password: str = "") -> SiteCertificate:
    """Store the certificate and key of a PEM or PKCS #12 file, in place of an earlier one, and queue a check.

    Raises ValidationError for ``file`` or ``password``, and then stores nothing. The messages repeat nothing of either.
    """
    if not vault.is_available():
        raise ValidationError({"file": _("Gatepass has no key to encrypt the certificate. Set CREDENTIAL_KEYS.")})
    try:
        read = read_client_certificate(file, password, now=timezone.now())
    except ClientCertificateError as error:
        field = "password" if error.code in {"password-needed", "wrong-password"} else "file"
        raise ValidationError({field: _(error.message) % error.values}) from None
    try:
        _subject, expires_at = check_client_certificate(read.pem)
    except ValueError as error:  # OpenSSL, which presents it later, refuses keys that the reader accepts
        raise ValidationError({"file": _(str(error))}) from None
    with transaction.atomic():
        site = _locked_site(site)
        row, is_new = SiteCertificate.objects.update_or_create(
            site=site,
            defaults={
                "sealed": seal_certificate(read.pem, base_url=site.base_url),
                "subject": read.certificate.subject[:200],
                "issuer": read.certificate.issuer[:200],
                "fingerprint": read.certificate.fingerprint,
                "expires_at": expires_at,
                "stored_by_id": actor.pk,
                "stored_at": timezone.now(),
            },
        )
        verb = "stored" if is_new else "replaced"
        audit.record(actor=actor, action=f"certificate.{verb}", target=site)
        _queue_check(actor, site)
    return row


def remove_certificate(*, actor: Actor | None, site: Site) -> bool:
    """Remove the stored certificate and queue a check. Return False if there is none."""
    with transaction.atomic():
        site = _locked_site(site)
        removed, _rows = SiteCertificate.objects.filter(site=site).delete()
        if removed:
            audit.record(actor=actor, action="certificate.removed", target=site)
            _queue_check(actor, site)
    return bool(removed)


def is_usable(row: SiteCertificate) -> bool:
    """Whether checks can present it: a key decrypts it, and it is for the site's base URL."""
    return bool(open_certificate(row))


def _locked_site(site: Site) -> Site:
    """Lock the site, as all writers of its rows do first. Raises ValidationError if it was changed."""
    locked = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    if locked.is_provided or locked.base_url != site.base_url:
        raise ValidationError(_("The site was changed in the meantime. Reload the page, then try again."))
    return locked


def _queue_check(actor: Actor | None, site: Site) -> None:
    if site.archived_at is None:
        check_runs.request_check(site=site, actor=actor, trigger=CheckRun.Trigger.EDITED)
