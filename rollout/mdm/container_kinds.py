"""Kinds of findings in what contains a site list: text, XML, property lists, settings of an MDM. Pure."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .list_findings import Kind, Severity


def _broken(message: str, fix: str, *, repaired: bool = True) -> Kind:
    return Kind(Severity.UNREADABLE, message, fix, repaired=repaired)


def _note(message: str, fix: str) -> Kind:
    return Kind(Severity.UNKNOWN_EFFECT, message, fix, blocks=False)


CONTAINER_KINDS = {
    "empty": _broken(
        _("There is no text."), _("Paste the app configuration, or the value of its key sites."), repaired=False
    ),
    "too-large": _broken(
        _("The text is larger than 1 MiB (1,048,576 bytes), the maximum size."),
        _("Check the list in parts, or remove sites from it."),
        repaired=False,
    ),
    "large-value": _note(
        _("The list is large (%(size)s KB). MDMs limit the size of a value, and some cut it off."),
        _("Try it on one phone, or split the sites into lists for different groups of people."),
    ),
    "not-utf-8": _broken(
        _("The file is not UTF-8, so some of its characters cannot be read."), _("Save it as UTF-8."), repaired=False
    ),
    "utf-16": Kind(
        Severity.STYLE,
        _("The file is UTF-16."),
        _("Save it as UTF-8 before you upload it to an MDM."),
        blocks=False,
    ),
    "not-recognized": _broken(
        _("This is not a site list, and nothing that contains one was found."),
        _("Paste the value of the key sites, or the app configuration as your MDM shows or exports it."),
        repaired=False,
    ),
    "binary-plist": _broken(
        _("This is a binary property list."), _("Convert it with: plutil -convert xml1 FILE."), repaired=False
    ),
    "html-page": _broken(
        _("This is a web page (HTML), for example the sign-in page of a server."),
        _("Sign in to the MDM and copy the app configuration itself."),
        repaired=False,
    ),
    "code-fence": _broken(
        _("There are backticks (a Markdown code fence) around the list."), _("Enter only the text between them.")
    ),
    "url-encoded": _broken(_("The text is percent-encoded, as in a URL."), _("Enter the decoded text.")),
    "xml-escaped": _broken(_("The XML is escaped (&lt; instead of <)."), _("Enter it with the characters < and >.")),
    "too-nested": _broken(
        _("The text contains containers inside containers, more than %(limit)s levels."),
        _("Paste the value of the key sites."),
        repaired=False,
    ),
    "xml-declarations": _broken(
        _("The document type (DOCTYPE) declares entities or a DTD of its own, which Gatepass does not read."),
        _("Remove the DOCTYPE, or use Apple's for property lists."),
        repaired=False,
    ),
    "xml-entity": _broken(
        _("The entity %(found)s is not defined in XML."), _("Write the character itself."), repaired=False
    ),
    "xml-ampersand": _broken(_("There is an & that is not escaped, so the XML is not well-formed."), _("Write &amp;.")),
    "xml-angle": _broken(_("There is a < that is not escaped, so the XML is not well-formed."), _("Write &lt;.")),
    "xml-cut-off": _broken(
        _("The XML is cut off: %(found)s is not closed, so it is not well-formed."), _("Copy the text to its end.")
    ),
    "xml-tag-case": _broken(_("The name of the element %(found)s is in the wrong case."), _("Write %(expected)s.")),
    "xml-end-tag": _broken(_("The end tag %(found)s closes nothing, so the XML is not well-formed."), _("Remove it.")),
    "xml-missing-end-tag": _broken(
        _("The end tag %(found)s is missing, so the XML is not well-formed."), _("Insert it.")
    ),
    "xml-text-around": _broken(_("There is other text around the XML."), _("Enter only the XML.")),
    "xml-not-well-formed": _broken(
        _("The XML is not well-formed: %(reason)s."), _("Correct the XML, or export the configuration again.")
    ),
    "xml-too-large": _broken(
        _("The XML has too many or too deeply nested elements for an app configuration."),
        _("Paste the value of the key sites."),
        repaired=False,
    ),
    "profile": _broken(
        _("This is a configuration profile (.mobileconfig). iOS takes no app configuration from a profile."),
        _("Enter the list in the app configuration of your MDM."),
    ),
    "asset-missing": _broken(
        _("This declaration only refers to the app configuration."),
        _("Paste the property list of the asset that it refers to."),
        repaired=False,
    ),
    "sites-missing": _broken(
        _("The app configuration has no key sites."), _("Add the key sites with the list as its value."), repaired=False
    ),
    "sites-spelling": _broken(
        _("The app reads only the key sites, but here it is %(found)s. The key must be sites, in lower case."),
        _("Rename the key to sites."),
    ),
    "sites-type": _broken(
        _("The value type of the key sites is %(found)s, but the app reads a string."),
        _("Set the type to String (stringType in Microsoft Graph)."),
    ),
    "sites-not-text": _broken(
        _("The value of the key sites is %(found)s, but the app reads a string that contains JSON."),
        _("Enter the list as one string: the text from [ to ]."),
    ),
    "sites-in-object": _broken(
        _("The list is inside an object with the key sites, and it is not a string."),
        _("Enter only the list, from [ to ], as a string under the key sites."),
    ),
    "base64-invalid": _broken(
        _("The value of encodedSettingXml is not base64 of an app configuration."),
        _("Copy the whole value, or paste the XML."),
        repaired=False,
    ),
    "double-encoded": _broken(
        _("The list is inside a JSON string."), _("Remove the outer quotes and the backslashes.")
    ),
    "single-object": _broken(_("This is a single site, not an array of sites."), _("Put square brackets around it.")),
    "several-configurations": _broken(
        _("There are several app configurations with different lists of sites."),
        _("Check one at a time."),
        repaired=False,
    ),
    "secret-beside": Kind(
        Severity.UNKNOWN_EFFECT,
        _("The app configuration contains a secret in the key %(key)s. Phones store it unencrypted."),
        _("Remove the secret, and replace it where it was created."),
    ),
}
