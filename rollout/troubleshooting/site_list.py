"""Causes in the site list of the MDM."""

from __future__ import annotations

from rollout.compatibility.references import CONFLUENCE_PAGE
from rollout.message_ids import gettext_noop as _

from .cause import Cause, Certainty, Stage
from .indicators import says, text_matches
from .references import INTUNE_PAGE

CAUSES = (
    Cause(
        id="site-list-malformed",
        stage=Stage.BEFORE,
        title=_("The app cannot read the site list"),
        explanation=_(
            "The value of the “sites” key is JSON. Typographic quotes, an extra comma, HTML-escaped quotes, "
            "or a single object instead of a list make the whole list invalid."
        ),
        symptoms=(_("The app reports that it cannot display the sites."), _("The site list in the app is empty.")),
        confirm=_(
            "Copy the value from the MDM and paste it in Configurations → Check a configuration, which "
            "shows the position of the error."
        ),
        remedy=_("Correct the value in the MDM, or replace it with an export from Gatepass for your MDM."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            says("sites_not_shown", weight=5, description=_("The app's message about the site list")),
            text_matches(r"\[|\{|<", 3, _("A site list for an MDM"), kind="site_list"),
        ),
        lint=True,
    ),
    Cause(
        id="vendor-variables",
        stage=Stage.BEFORE,
        title=_("The MDM replaced a part of the site list"),
        explanation=_(
            "Every MDM replaces its variables in the value. Intune takes double braces, as in minified JSON, for a "
            "variable. Other vendors replace $NAME or {Name} in titles and addresses."
        ),
        symptoms=(
            _("The site list in the app is empty."),
            _("The MDM rejects the value, or delivers a different one."),
        ),
        confirm=_(
            "Compare the value that the MDM shows for one phone with the value that you entered. Look for {{, }}, $ "
            "and %."
        ),
        remedy=_(
            "Put a space between adjacent braces, and write variable characters as \\u escapes. Exports from Gatepass "
            "do both."
        ),
        source=INTUNE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(
                r"(?:Intune|Jamf|Workspace ONE|Ivanti|MobileIron|Addigy|SimpleMDM|\bMDM)\b[^\n]{0,60}(?:replaced"
                r"|replaces|expand(?:s|ed)|ersetzt|remplac|reemplaz"
                r"|sustitu|置き換)|(?:replaced|expanded|ersetzt|remplacé|reemplazado|sustituido)[^\n]{0,60}(?:Intune"
                r"|Jamf|Workspace ONE|Ivanti|MobileIron)"
                r"|\{(?:EmailAddress|EnrollmentUser|UserPrincipalName)\}",
                4,
                _("A part of the value was replaced"),
            ),
            text_matches(r"\}\}|\{\{", 4, _("Two adjacent braces"), kind="site_list"),
            text_matches(
                r"(?:invalid|unknown|unresolved|unsupported|ungültige\w{0,2}|unbekannte\w{0,2}|non valide|inconnue?"
                r"|inválid[oa]|desconocid[oa]|無効な)"
                r" ?(?:token|variable|jeton|トークン|変数)|(?:jeton|variable|token)[^\n]{0,12}(?:non valide|inconnue?"
                r"|inválid[oa]|desconocid[oa])"
                r"|\{\{[a-z]{2,30}\}\}|\$(?:EMAIL|USERNAME|USERID)\b",
                3,
                _("A variable of the MDM"),
            ),
            text_matches(
                r"(?:token|variable|jeton|トークン|変数)\w{0,2}[^\n]{0,30}(?:\{\{|\}\})", 4, _("Two adjacent braces")
            ),
        ),
        lint=True,
    ),
)
