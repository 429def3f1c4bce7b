"""Create, rotate and revoke application links, and turn the OAuth 2.0 switch on or off."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout.actor import Actor, key_of
from rollout.compatibility.matrix import redirect_url_for
from rollout.models import ApplicationLink, Site
from rollout.models.link import APPLICATION_TYPE, DIRECTION, PERMISSION
from rollout.ports import client_registry

from . import audit
from .client_ids import client_id_errors


def create_link(
    *,
    actor: Actor | None,
    site: Site,
    application_type: str = APPLICATION_TYPE,
    direction: str = DIRECTION,
    redirect_url: str,
    permission: str = PERMISSION,
    client_id: str = "",
) -> ApplicationLink:
    """Create the application link of the MDM setup.

    For a site hosted by Gatepass, a public client is registered and ``client_id`` must be empty. For other sites,
    ``client_id`` is the one that Confluence showed. Raises ValidationError by field with all values that do not work.
    """
    client_id = client_id.strip()
    errors = _choice_errors(site, application_type, direction, redirect_url, permission)
    if site.archived_at:
        errors["__all__"] = [_("This site is archived. Restore it first.")]
    if site.is_provided and client_id:
        errors["client_id"] = [_("Gatepass creates the client ID of this site. Leave it empty.")]
    if not site.is_provided and (wrong := client_id_errors(client_id, redirect_url=redirect_url_for(site.product))):
        errors["client_id"] = wrong
    if errors:
        raise ValidationError(errors)
    with transaction.atomic():
        site = _locked(site)
        if site.links.for_mdm().exists():
            raise ValidationError(
                _("This site already has an application link. Rotate its client ID or revoke the link.")
            )
        link = _create(actor, site, ApplicationLink.Origin.WIZARD, client_id)
        audit.record(actor=actor, action="link.created", target=link, details={"site": site.pk})
    return link


def rotate_link(*, actor: Actor, link: ApplicationLink, client_id: str = "") -> ApplicationLink:
    """Replace the client ID of a link and revoke all tokens of the old one. Raises ValidationError.

    Phones get the new client ID only when a new release is published and delivered by the MDM.
    """
    with transaction.atomic():
        site = _locked(link.site)
        link = ApplicationLink.objects.select_for_update(no_key=True).get(pk=link.pk)
        if link.revoked_at:
            raise ValidationError(_("This link was revoked. Create a new one."))
        ended = 0
        if site.is_provided:
            ended = client_registry().remove_client(client_id=link.client_id)
            link.client_id = _register(site, link.redirect_url)
        else:
            client_id = client_id.strip()
            errors = client_id_errors(client_id, redirect_url=link.redirect_url)
            if client_id == link.client_id:
                errors = [
                    _("The link already has this client ID. Copy the new one from the application link on the site.")
                ]
            if errors:
                raise ValidationError({"client_id": errors})
            link.client_id = client_id
        link.rotated_at = timezone.now()
        link.save(update_fields=["client_id", "rotated_at"])
        audit.record(actor=actor, action="link.rotated", target=link, details={"site": site.pk, "sessions": ended})
    return link


def revoke_link(*, actor: Actor | None, link: ApplicationLink) -> int:
    """Revoke a link with all its tokens. Return the number of ended sessions."""
    with transaction.atomic():
        site = _locked(link.site)
        if not ApplicationLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
            return 0
        ended = client_registry().remove_client(client_id=link.client_id) if site.is_provided else 0
        audit.record(actor=actor, action="link.revoked", target=link, details={"site": site.pk, "sessions": ended})
    return ended


def switch_oauth(*, actor: Actor | None, site: Site, on: bool) -> ApplicationLink | None:
    """Turn *OAuth 2.0* on or off for the Non-MDM setup, as the mobile plugin does. Return the active link, if any.

    Raises ValidationError for sites that Gatepass does not host: their switch is in Confluence.
    """
    if not site.is_provided:
        raise ValidationError(
            _("Change this setting on the site: Settings → General Configuration → Confluence mobile app.")
        )
    with transaction.atomic():
        site = _locked(site)
        link = site.links.active().filter(origin=ApplicationLink.Origin.SWITCH).first()
        if on and link is None:
            link = _create(actor, site, ApplicationLink.Origin.SWITCH, "")
            audit.record(actor=actor, action="switch.turned_on", target=site)
        elif not on and link is not None:
            revoke_link(actor=actor, link=link)
            audit.record(actor=actor, action="switch.turned_off", target=site)
            link = None
    return link


def _choice_errors(
    site: Site, application_type: str, direction: str, redirect_url: str, permission: str
) -> dict[str, list[str]]:
    """Return the errors by field of the choices in Confluence's dialog."""
    expected = redirect_url_for(site.product)
    errors = {}
    if application_type != APPLICATION_TYPE:
        errors["application_type"] = [_("Select External application: the app is not an Atlassian product's server.")]
    if direction != DIRECTION:
        errors["direction"] = [_("Select Incoming: the app sends requests to the site, never the other way around.")]
    if redirect_url != expected:
        errors["redirect_url"] = [_("Enter exactly %(url)s: the app handles no other address.") % {"url": expected}]
    if permission != PERMISSION:
        errors["permission"] = [
            _("Select WRITE: READ fails with invalid_scope, and a higher permission is a risk on a lost phone.")
        ]
    return errors


def _locked(site: Site) -> Site:
    return Site.objects.select_for_update(no_key=True).get(pk=site.pk)


def _register(site: Site, redirect_url: str) -> str:
    return client_registry().register_client(name=f"{site.title} ({site.slug})"[:255], redirect_uri=redirect_url)


def _create(actor: Actor | None, site: Site, origin: str, client_id: str) -> ApplicationLink:
    redirect_url = redirect_url_for(site.product)
    return ApplicationLink.objects.create(
        site=site,
        origin=origin,
        client_id=_register(site, redirect_url) if site.is_provided else client_id,
        redirect_url=redirect_url,
        created_by_id=key_of(actor),
        created_at=timezone.now(),
    )
