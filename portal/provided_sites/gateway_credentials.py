"""Create and remove the credentials with which the gateway of a site introspects tokens.

The OAuth provider stores the credential and the domain writes the audit log, so both are written in one transaction.
"""

from __future__ import annotations

from django.db import transaction

from oauth_provider import resource_servers
from oauth_provider.models import ResourceServer
from oauth_provider.resource_servers import Credential
from portal.models import User
from rollout.models import Site
from rollout.services import audit


def create_credential(*, actor: User, site: Site) -> Credential:
    """Create a credential for the site's gateway. Its secret is only in the returned value."""
    with transaction.atomic():
        _server, credential = resource_servers.create_resource_server(name=f"nginx: {site.title}", issuer=site.base_url)
        audit.record(actor=actor, action="gateway.credential_made", target=site)
    return credential


def remove_credential(*, actor: User, server: ResourceServer) -> bool:
    """Remove a credential. Return False if it was already removed."""
    site = Site.objects.filter(base_url=server.issuer).first()
    with transaction.atomic():
        if not resource_servers.remove_resource_server(server):
            return False
        audit.record(actor=actor, action="gateway.credential_removed", target=site, label="" if site else server.name)
    return True
