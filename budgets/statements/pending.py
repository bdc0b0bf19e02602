"""Texts that banks write above or before bookings that are pending. Pure."""

import re

from budgets.statements.column_names import normal
from budgets.statements.words import may_be_summary

_PENDING = re.compile(
    r"\b(?:pending|vorgemerkt\w*|ausstehend\w*|en attente|a venir|pendientes?|pendentes?|in sospeso"
    r"|oczekujace|in behandeling|reserver\w*|scheduled|upcoming|uncleared|unposted|being processed"
    r"|in progress|(?:not|not yet) (?:posted|booked|cleared)|authori[sz]ations|nicht gebucht\w*"
    r"|geplant\w*|en cours|programad[oa]s|previst[oaei]s?|agendad[oa]s|non contabilizzati"
    r"|gereserveerd\w*|gepland\w*|kommende|varaukset)\b"
)


_NOT_ONLY = re.compile(
    r"\b(?:and|und|et|incl\w*|inkl\w*|with|mit|avec|con|excl\w*|exkl\w*|without|ohne|sans|sin|no"
    r"|none|keine|all|alle|amount|betrag|montant|importe|importo|bedrag)\b"
)
_STEMS = ("pend", "vorgemerkt")
_MARKED = re.compile(
    r"[\W_]*(?:pending(?: (?:transaction|payment|deposit|authori[sz]ation))?|vorgemerkt|pendiente"
    r"|pendente)\s*[-\u2013:|*)\]]+\s*\w",
    re.IGNORECASE,
)


def is_pending_section(text: str) -> bool:
    """Whether the text is the heading of a section of pending bookings, and not a sentence."""
    words = normal(text)
    pending = _PENDING.search(words) and not _NOT_ONLY.search(words) and not may_be_summary(text)
    return bool(pending) and len(words.split()) < 6


def may_be_marked_pending(text: str) -> bool:
    """Whether part of a word for what is pending is in the text, which is in small letters."""
    return any(map(text.__contains__, _STEMS))


def is_marked_pending(text: str) -> bool:
    """Whether a bank wrote before the text of a line that it is pending.

    >>> [is_marked_pending(text) for text in ("PENDING - ACME", "[Pending] ACME", "Pending bill")]
    [True, True, False]
    """
    return bool(_MARKED.match(text))
