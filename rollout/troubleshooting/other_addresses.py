"""Causes in which the address belongs to something else than this Confluence Data Center."""

from __future__ import annotations

from rollout.compatibility.references import BASE_URL_PAGE, CONFLUENCE_PAGE
from rollout.compatibility.refusals import RefusalKind
from rollout.message_ids import gettext_noop as _

from .cause import RULES_OUT, Cause, Certainty, Stage
from .indicators import refused, says, text_matches

CAUSES = (
    Cause(
        id="cloud-site",
        stage=Stage.BEFORE,
        title=_("The site, or the app, is for Atlassian Cloud"),
        explanation=_(
            "Addresses under atlassian.net and versions such as 1000.0.0 are Confluence Cloud. Only the Cloud app "
            "opens "
            "Cloud sites, and only the Data Center app opens Data Center sites."
        ),
        symptoms=(_("The app reports that the site is not compatible."),),
        confirm=_("Check the host name of the site, and the name of the app in the App Store."),
        remedy=_("For a Cloud site, install the app “Confluence Cloud”, and remove the site from the configuration."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            refused({RefusalKind.CLOUD}, 5, _("The response is from Atlassian Cloud")),
            text_matches(
                r"\b[\w-]{1,63}\.(?:atlassian\.net|jira\.com|jira-dev\.com)\b|id\.atlassian\.com"
                r"|api\.atlassian\.com/ex/"
                r"|AtlassianEdge|[\"']?deploymentType[\"']?\s?[:=]\s?[\"']?Cloud"
                r"|com\.atlassian\.android\.confluence\.core",
                5, _("An address of Atlassian Cloud"),
            ),
            text_matches(r"(?<![\d.])100\d\.\d{1,3}\.\d{1,3}\b", 5, _("A version of Atlassian Cloud")),
            text_matches(
                r"Confluence[- ]Cloud|Cloud[- ](?:app|site|version|App|instance)|\b(?:app|site|version) (?:for"
                r"|of) Cloud"
                r"|application Cloud|app (?:de|para) Cloud|Cloud ?版|Cloud ?アプリ",
                4, _("The word Cloud"),
            ),
        ),
        rules=("CONFLUENCE-VERSION",),
        linked_rules=("SITE-ACCESS",),
    ),
    Cause(
        id="moved-host",
        stage=Stage.BEFORE,
        title=_("The site moved to another address"),
        explanation=_(
            "The address redirects every path to the same path on another host. The app starts with the address in the "
            "configuration and does not carry its sign-in to another host."
        ),
        symptoms=(_("In a browser, the site opens at an address other than the one that was entered."),),
        confirm=_("Run curl -I BASE-URL/status. A Location with the same path on another host confirms this cause."),
        remedy=_("Enter the new address as the base URL in the site list and in Gatepass, and deploy the "
                 "configuration."),
        source=BASE_URL_PAGE,
        certainty=Certainty.SEEN,
        indicators=(
            refused({RefusalKind.MOVED}, 5, _("A redirect to the same path on another host")),
            says("moved", weight=4, description=_("The site has a new address")),
        ),
        rules=("BASE-URL-MATCH",),
        linked_rules=("SITE-ACCESS",),
    ),
    Cause(
        id="other-product",
        stage=Stage.BEFORE,
        title=_("The address belongs to another product"),
        explanation=_(
            "Jira, Bitbucket and Bamboo respond at similar addresses. The Confluence app opens Confluence only."
        ),
        symptoms=(_("The app reports that the site is not compatible."),),
        confirm=_("Open BASE-URL/rest/applinks/1.0/manifest: typeId names the product."),
        remedy=_("Enter the base URL of Confluence, including its context path, such as /wiki or /confluence."),
        source=BASE_URL_PAGE,
        certainty=Certainty.SEEN,
        indicators=(
            text_matches(
                r"<typeId>(?:jira|stash|bamboo|fecru|crowd|generic)|[\"']typeId[\"']\s?:\s?[\"'](?:jira|stash|bamboo"
                r"|fecru|crowd)",
                5, _("The manifest of another product"),
            ),
            text_matches(
                r"application-name[\"'] content=[\"'](?:JIRA|Bitbucket|Bamboo)|<title>[^<]{0,60}(?:Jira|Bitbucket"
                r"|Bamboo)\b"
                r"|\bx-arequestid:",
                4, _("A response of another product"),
                without=r"X-Confluence|ajs-[^\n]{0,40}confluence",
            ),
            text_matches(
                r"(?:entered|typed|address of|URL of|host of|instead of Confluence|Adresse von|adresse de"
                r"|dirección de) (?:our |the |unser\w{0,3} |notre |nuestro )?"
                r"(?:Jira|Bitbucket|Bamboo)\b",
                4, _("The address of another product was entered"),
            ),
        ),
        contradictions=(
            text_matches(r"<typeId>confluence|[\"']typeId[\"']\s?:\s?[\"']confluence", RULES_OUT,
                         _("The manifest is that of Confluence")),
        ),
        rules=("PRODUCT",),
    ),
)  # fmt: skip
