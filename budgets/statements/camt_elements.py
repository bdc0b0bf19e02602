"""The parts of a camt element, by local name: banks differ in namespaces and prefixes."""

import re
from xml.etree.ElementTree import Element

_AMOUNT = re.compile(r"\+?(?=\.?[0-9])[0-9]*\.?[0-9]*")
_SIGNS = {"CRDT": "", "DBIT": "-"}


def local(element: Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: Element | None) -> dict[str, Element]:
    """The children by local name, the first of each."""
    found: dict[str, Element] = {}
    for child in element if element is not None else ():
        found.setdefault(child.tag.rpartition("}")[2], child)
    return found


def at(element: Element | None, *path: str) -> Element | None:
    """The first element at a path of local names."""
    for name in path:
        if element is None:
            return None
        element = next((child for child in element if local(child) == name), None)
    return element


def text_at(element: Element | None, *path: str) -> str:
    """The text at a path of local names, "" if there is none."""
    found = at(element, *path)
    return (found.text or "").strip() if found is not None else ""


def day_of(element: Element | None) -> str:
    """The ISO date in a choice of `Dt` and `DtTm`: the day as written, whatever the zone."""
    for child in element if element is not None else ():
        if local(child) in ("Dt", "DtTm"):
            return (child.text or "").strip()[:10]
    return ""


def signed(parts: dict[str, Element]) -> tuple[str, str]:
    """The sum in `Amt`, with the sign of `CdtDbtInd`, and its currency.

    Raises ValueError for a sum without a direction, and for one with a sign of its own.
    """
    amount, mark = parts.get("Amt"), parts.get("CdtDbtInd")
    written = (amount.text or "").strip() if amount is not None else ""
    direction = (mark.text or "").strip() if mark is not None else ""
    if direction not in _SIGNS:
        raise ValueError(f"CdtDbtInd {direction[:60]!r} is neither CRDT nor DBIT")
    if amount is None or not _AMOUNT.fullmatch(written):
        raise ValueError(f"Amt {written[:60]!r} is not an amount without a sign")
    return _SIGNS[direction] + written.lstrip("+"), amount.get("Ccy", "").strip().upper()
