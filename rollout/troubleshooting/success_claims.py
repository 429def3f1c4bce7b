"""What a text says that works: sentences such as "Safari on the iPhone opens it", in five languages. Pure.

A statement is a clause with a subject, a word of success and no negation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice

from .cause import Indicator
from .indicators import folded_pattern, quote
from .paste import Paste

_CLAUSE_END = re.compile(
    r"[.!?](?=\s|$)|[\n;,。、！？]|\b(?:but|while|whereas|although|though|however|yet|aber|jedoch|während|obwohl|nur"
    r"|sondern"
    r"|mais|alors que|tandis que|bien que|pero|mientras|aunque)\b|(?<=す)が|けれど|のに",
    re.I,
)
_SUCCESS = re.compile(
    r"\b(?:opens?|opened|works?|worked|working|loads?|loaded|shows?|connects?|connected|displays?|reach(?:es|ed"
    r"|able)?|fine|ok(?:ay)?"
    r"|succeeds?|without (?:complaint|problems?|errors?|warnings?)|no (?:problems?|complaints?|errors?)"
    r"|funktionier\w{1,3}|geht|gehen|öffnet|öffnen|lädt|zeigt|klappt|läuft|laufen|einwandfrei|problemlos|erreichbar"
    r"|fonctionne(?:nt)?|s'ouvre|ouvre|marche|affiche|s'affiche|charge|accessible|sans problème"
    r"|funciona[n]?|abre[n]?|carga[n]?|muestra[n]?|va bien|sin (?:problemas?|errores))\b"
    r"|開(?:け|き)ま|開ける|開く|動作し|動き|表示され|使え|問題な[いく]|接続でき|見られ|つながり",
    re.I,
)
_NEGATION = re.compile(
    r"\bnot\b|n't\b|\bno\b(?! (?:problem|complaint|error))|\bcannot\b|\bnever\b|\bfail|\brefus"
    r"|(?<!without )\berrors?\b|\bblank\b|\bempty\b|\bwarning\b|\bonly\b|\binvalid\b"
    r"|\bnicht\b|\bkein\w{0,2}\b(?! Problem)|\bFehler\b|\bnie\b|\bpas\b|\bjamais\b|\bimpossible\b|\berreur\b"
    r"|\baucun\w?\b(?! problème)"
    r"|\bno se\b|\bnunca\b|\bimposible\b|(?<!sin )\berror\b|ません|(?<!問題)ない|できず|エラー|失敗|切れ",
    re.I,
)
_MARGIN = 160
_MAX_CLAUSES = 200

SUBJECTS = {
    # The browser of the phone: Safari, unless it is part of a User-Agent or on a Mac.
    "phone_browser": r"\bSafari\b(?!/)(?![^\n.,;]{0,30}\b(?:Mac|macOS|MacBook|desktop)\b)"
    r"|\b(?:browsers?|Chrome|Edge|Firefox|navigateur|navegador)\b(?!/)[^\n.,;]{0,24}\b(?:iPhones?|iPads?|phones?"
    r"|Handy|Smartphone|téléphone|móvil|teléfono)\b"
    r"|\b(?:iPhone|phone|mobile|Handy|Smartphone)(?:'s)?[- ](?:browser|navigateur|navegador)|(?:iPhone|スマホ"
    r"|端末)の(?:ブラウザ|Safari)|Safari(?:で|では)",
    "browser": r"\b(?:browsers?|Chrome|Edge|Firefox|desktops?|laptops?|PCs?|Macs?|notebooks?|navigateurs?"
    r"|ordinateurs?|navegador(?:es)?|ordenador(?:es)?"
    r"|Rechner|Computer)\b(?!/)|ブラウザ|パソコン|デスクトップ",
    "iphone": r"\b(?:iPhones?|iPads?|iOS)\b(?![ /][\d.]+;?)(?!;)",
    "android": r"\bAndroid\b(?![ /][\d.]+[;)])",
}


def fails(subject: str, weight: int, description: str) -> Indicator:
    """Match a text in which a clause says that the subject does not work."""
    return _clause_matches(subject, weight, description, lambda clause: bool(_NEGATION.search(clause)))


def works(subject: str, weight: int, description: str, *, unless: str = "") -> Indicator:
    """Match a text in which a clause says that the subject works, and which does not contain ``unless``."""
    unwanted = folded_pattern(unless) if unless else None
    return _clause_matches(
        subject, weight, description, lambda clause: bool(_SUCCESS.search(clause)) and not _NEGATION.search(clause),
        lambda text: bool(unwanted and unwanted.search(text)),
    )  # fmt: skip


def _clause_matches(
    subject: str,
    weight: int,
    description: str,
    is_match: Callable[[str], bool],
    is_excluded: Callable[[str], bool] = lambda _text: False,
) -> Indicator:
    wanted = folded_pattern(SUBJECTS[subject])

    def find(paste: Paste) -> str | None:
        if is_excluded(paste.folded):
            return None
        for match in islice(wanted.finditer(paste.folded), _MAX_CLAUSES):
            if is_match(clause_around(paste.folded, match)):
                return quote(paste.plain, match)
        return None

    return Indicator(find, weight, description)


def clause_around(text: str, match: re.Match[str]) -> str:
    """The clause that contains the match, at most ``_MARGIN`` characters to each side."""
    before = text[max(0, match.start() - _MARGIN) : match.start()]
    after = text[match.end() : match.end() + _MARGIN]
    if ends := list(_CLAUSE_END.finditer(before)):
        before = before[ends[-1].end() :]
    if end := _CLAUSE_END.search(after):
        after = after[: end.start()]
    return before + match[0] + after
