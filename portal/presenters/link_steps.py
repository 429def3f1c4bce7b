"""What is needed to create the application link on a site: the page to open, the values to enter, and an e-mail."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext as _

from rollout.compatibility.matrix import redirect_url_for
from rollout.models import Product, Site
from rollout.models.link import PERMISSION

CRLF = "\r\n"
# Both products serve their list of application links here (Application Links plugin).
PATH = "/plugins/servlet/applinks/listApplicationLinks"


@dataclass(frozen=True)
class LinkSteps:
    """The values of one site's link. ``mailto`` is a URL that opens an e-mail with the steps, without a recipient."""

    product: str
    is_jira: bool
    host: str
    page_url: str
    name: str
    redirect_url: str
    permission: str
    mailto: str


def of_site(site: Site) -> LinkSteps:
    """Return the steps for the product and base URL of this site."""
    product = "Jira" if site.product == Product.JIRA else "Confluence"
    name, page_url, redirect_url = f"{product} iOS app", site.base_url + PATH, redirect_url_for(site.product)
    return LinkSteps(
        product=product,
        is_jira=site.product == Product.JIRA,
        host=urlsplit(site.base_url).netloc,
        page_url=page_url,
        name=name,
        redirect_url=redirect_url,
        permission=PERMISSION,
        mailto=_mailto(site, product, name, page_url, redirect_url),
    )


def _mailto(site: Site, product: str, name: str, page_url: str, redirect_url: str) -> str:
    """Return a mailto URL (RFC 6068) whose lines end in CRLF."""
    subject = _("Application link for %(site)s") % {"site": site.title}
    lines = [
        _("Please create an application link for the %(product)s iOS app:") % {"product": product},
        "",
        _("1. As a system administrator, open %(url)s and select Create link.") % {"url": page_url},
        _("2. Select External application and Incoming, then continue."),
        _("3. Enter these values and save:"),
        f"   {_('Name')}: {name}",
        f"   {_('Redirect URL')}: {redirect_url}",
        f"   {_('Permission')}: {PERMISSION}",
        _("4. Reply with the client ID. Do not send the client secret: the app does not need it."),
    ]
    return f"mailto:?subject={quote(subject)}&body={quote(CRLF.join(lines))}"
