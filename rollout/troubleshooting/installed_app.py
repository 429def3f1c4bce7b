"""Causes on the phone: the version and the platform of the app."""

from __future__ import annotations

from rollout.compatibility.references import CONFLUENCE_PAGE
from rollout.message_ids import gettext_noop as _

from .cause import RULES_OUT, Cause, Certainty, Stage
from .indicators import says, text_matches
from .success_claims import fails, works

OLD_APP = (
    r"\bConfluence(?: ?Server| Data Center| DC)?(?: app| for iOS| iOS)?[ /](?:version )?v?[01]\.\d{1,3}\b"
    r"|\bapp (?:version|is)(?: still)?[ :]{1,3}[01]\.\d{1,3}\b"
    r"|Confluence (?:Data Center|Server"
    r"|DC)\b[^\n]{0,40}(?<!TLS)(?<!SSL)(?<!OAuth)(?<!plugin)[,;\t\" ][\" ]?[01]\.\d{1,3}(?:\.\d{1,5})?\b"
    r"|(?:version|versión|バージョン|Ver\.)[ :]?[01]\.\d{1,3}(?:\.\d{1,5})?[^\n]{0,30}(?:Confluence|app\b|iPhone"
    r"|アプリ)"
    r"|(?:app\b|アプリ|application|aplicación|anwendung)[^\n]{0,30}(?:version|versión|バージョン"
    r"|Ver\.)[^\n\d]{0,6}[01]\.\d{1,3}"
)
_NEW_APP = (
    r"\bConfluence(?:Server)?/(?:[2-4])\.\d{1,3}[^\n]{0,40}(?:CFNetwork|Darwin|iOS)"
    r"|(?:app\b|アプリ|Confluence Data Center)[^\n]{0,30}(?:version|Version|versión|バージョン|is|ist"
    r"|:)? ?[2-4]\.\d{1,3}(?:\.\d{1,3})?\b"
)
# Lines with such versions are not about the app.
_NOT_AN_APP = r"Confluence only supports TLS|TLS (?:version )?1\.[01] (?:only|on|in) Confluence"

CAUSES = (
    Cause(
        id="app-too-old",
        stage=Stage.BEFORE,
        title=_("The app is older than version 2.0"),
        explanation=_(
            "OAuth 2.0 requires version 2.0 or later of the iOS app. Older versions ignore the OAuth settings of a "
            "site "
            "and show no message."
        ),
        symptoms=(
            _("The app shows its own password form."),
            _("OAuth 2.0 works on some phones but not on others."),
        ),
        confirm=_("Check the version under iOS Settings → Apps → Confluence, or in the app inventory of your MDM."),
        remedy=_("Update the app with your MDM and require version 2.0 or later. Then deploy the configuration."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(OLD_APP, 5, _("An app version below 2.0"), without=_NOT_AN_APP),
            says("asks_for_password", weight=2, description=_("The app shows a password form")),
            text_matches(
                r"(?:update|newer|latest|old|outdated) (?:version )?(?:of )?(?:the )?app\b"
                r"|app\b[^\n.]{0,20}(?:outdated|too old|not (?:been )?updated|veraltet)"
                r"|(?:alte|veraltete) (?:Version|App)|ancienne version|versión antigua|古いバージョン",
                3,
                _("An old version of the app"),
            ),
        ),
        contradictions=(
            text_matches(_NEW_APP, RULES_OUT, _("An app version from 2.0"), without=OLD_APP),
            text_matches(r"\bAndroid\b[^\n.]{0,60}[ /][01]\.\d{1,3}\b", 3, _("The version is that of the Android app")),
        ),
    ),
    Cause(
        id="android",
        stage=Stage.BEFORE,
        title=_("The phone runs Android"),
        explanation=_("Only the iOS app supports OAuth 2.0. The Android app signs in as before."),
        symptoms=(_("OAuth 2.0 works on iPhones but not on Android."),),
        confirm=_("Check the phone, or look for Android in the User-Agent of its requests."),
        remedy=_("Nothing to fix. Android phones use only the title and address of a site in the list."),
        source=CONFLUENCE_PAGE,
        certainty=Certainty.DOCUMENTED,
        indicators=(
            text_matches(r"\bAndroid\b", 3, _("The word Android")),
            text_matches(
                r"\bAndroid [\d.]{1,8};[^\n]{0,200}AtlassianMobileApp", 4, _("The User-Agent of the Android app")
            ),
            says("asks_for_password", weight=3, description=_("The app shows a password form"), also=r"\bAndroid\b"),
            text_matches(r"OAuth[^\n.]{0,60}Android|Android[^\n.]{0,60}OAuth", 4, _("OAuth 2.0 on Android")),
        ),
        contradictions=(
            works("android", RULES_OUT, _("It works on Android")),
            fails("iphone", 3, _("It fails on an iPhone")),
            text_matches(
                r"\bat (?:android|okhttp3|com\.android|libcore)\.|javax?\.[\w.]{3,60}Exception|java\.net\.",
                3,
                _("The exception names its own reason"),
            ),
        ),
    ),
)
