"""Kinds of findings in the JSON of a site list. Pure."""

from __future__ import annotations

from rollout.message_ids import gettext_noop as _

from .list_findings import Kind, Severity


def _broken(message: str, fix: str, *, repaired: bool = True) -> Kind:
    return Kind(Severity.UNREADABLE, message, fix, repaired=repaired)


SYNTAX_KINDS = {
    "typographic-quotes": _broken(
        _("There are typographic quotes (%(found)s): a text editor or chat changed them."),
        _('Replace them with straight quotes (").'),
    ),
    "single-quotes": _broken(_("There are single quotes around a text."), _('Use straight double quotes (").')),
    "backtick-quotes": _broken(
        _("There are backticks or accents instead of quotes."), _('Use straight double quotes (").')
    ),
    "unquoted-key": _broken(_("The key %(key)s has no quotes."), _('Write "%(key)s" with straight double quotes.')),
    "unquoted-value": _broken(
        _("A value has no quotes."),
        _('Put straight double quotes (") around the whole value.'),
        repaired=False,
    ),
    "inner-quotes": _broken(
        _("There are quotes inside a text that is in quotes."), _('Write a backslash before them: \\".')
    ),
    "escaped-quotes": _broken(
        _('The quotes have backslashes (\\"): the list was copied out of a string.'),
        _("Copy the list itself, or remove the backslashes."),
    ),
    "doubled-quotes": _broken(
        _('Every quote is doubled (""): the list was copied out of a CSV file or a script.'),
        _("Write each quote once."),
    ),
    "html-escaped": _broken(
        _("The quotes are HTML entities (%(found)s): the list was copied out of XML or HTML."),
        _("Copy the list from its original source, or replace the entities with the characters."),
    ),
    "quoted-printable": _broken(
        _("The text has the line breaks and =3D of an e-mail's source, so parts of it may be changed."),
        _("Send the list as a file and copy it from there."),
        repaired=False,
    ),
    "byte-order-mark": Kind(
        Severity.STYLE,
        _("The text starts with an invisible byte order mark (BOM)."),
        _("Save the file as UTF-8 without BOM, or copy the text without its first character."),
        blocks=False,
    ),
    "invisible-space": _broken(
        _("There is a space that JSON does not allow, or another invisible character (%(found)s)."),
        _("Replace it with an ordinary space: it comes from a web page or a chat."),
    ),
    "comment": _broken(_("There is a comment, which JSON does not allow."), _("Remove the comment.")),
    "literal-spelling": _broken(
        _("%(found)s is not a JSON value."), _("Write %(expected)s, in lower case and without quotes.")
    ),
    "not-a-value": _broken(_("%(found)s is not a JSON value."), _("Enter the value that is meant."), repaired=False),
    "long-number": _broken(_("A number is too large."), _("Enter the value that is meant."), repaired=False),
    "trailing-comma": _broken(_("There is a comma before a closing bracket."), _("Remove the comma.")),
    "extra-comma": _broken(_("There is a comma with nothing before it."), _("Remove the comma.")),
    "missing-comma": _broken(_("A comma is missing before %(found)s."), _("Insert a comma.")),
    "wrong-separator": _broken(
        _("There is %(found)s instead of %(expected)s."), _("Replace %(found)s with %(expected)s.")
    ),
    "missing-colon": _broken(_("The colon after the key %(key)s is missing."), _("Insert a colon.")),
    "missing-value": _broken(
        _("The key %(key)s has no value."), _("Enter the value, or remove the key."), repaired=False
    ),
    "wrong-bracket": _broken(
        _("The closing bracket %(found)s does not match the opening bracket."), _("Write %(expected)s.")
    ),
    "missing-bracket": _broken(_("The closing bracket %(expected)s is missing."), _("Insert %(expected)s.")),
    "extra-bracket": _broken(
        _("There is a closing bracket %(found)s without an opening one."), _("Remove the bracket.")
    ),
    "cut-off": _broken(
        _("The text ends before the list is closed: a part of it was cut off."),
        _("Copy the whole value. An MDM or a mail program may have a limit of characters."),
        repaired=False,
    ),
    "no-array": _broken(
        _("There are several sites without an array around them."), _("Put square brackets around them.")
    ),
    "several-lists": _broken(
        _("There is more than one list."), _("Keep one list that contains all sites."), repaired=False
    ),
    "text-around": _broken(_("There is other text around the list."), _("Enter only the list, from [ to ].")),
    "control-character": _broken(
        _("A line break, tab or other control character (%(found)s) is inside a text in quotes."),
        _("Write the text on one line."),
    ),
    "invalid-escape": _broken(
        _("A backslash starts an escape that JSON does not have: %(found)s."),
        _("Write a backslash in a text as two backslashes."),
        repaired=False,
    ),
    "duplicate-key": Kind(
        Severity.UNKNOWN_EFFECT,
        _("The key %(key)s occurs twice in one object. Which one the app takes is not documented."),
        _("Keep one of them."),
    ),
    "too-deep": _broken(
        _("Brackets are nested more than %(limit)s levels deep, so this is not a site list."),
        _("Paste the list of sites, or the file or setting that contains it."),
        repaired=False,
    ),
    "too-many-values": _broken(
        _("One pair of brackets contains more than %(limit)s values, so this is not a site list."),
        _("Paste the list of sites, or the file or setting that contains it."),
        repaired=False,
    ),
    "not-json": _broken(
        _("%(found)s is not expected here."),
        _("Compare the list with the example in Atlassian's documentation, or export it again."),
        repaired=False,
    ),
}
