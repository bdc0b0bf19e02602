"""One entry of camt.053: what was booked, and the text a person recognises it by.

An entry with several details is a batch. It is one line with the sum of the entry, because that
is what changed the account and its balance; the text lists the details.
"""

from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from xml.etree.ElementTree import Element

from budgets.statements.camt_elements import children, day_of, local, signed, text_at
from budgets.statements.lines import one_line
from budgets.statements.raw import RawLine, RawPage

LISTED = 10
"""Details of a batch that the text lists."""

_NOT_BOOKED = {"BOOK": "", "PDNG": "pending", "INFO": "for information", "FUTR": "in the future"}
_NO_REFERENCE = frozenset({"", "NOTPROVIDED", "NONREF", "NOTAVAILABLE", "-"})
_SHORTEST = 6  # digits of an `NtryRef` that is no place
_ONCE = ("Amt", "CdtDbtInd", "Sts", "RvslInd", "BookgDt")


class Detail(NamedTuple):
    """One transaction of an entry; `amount` is "" when the bank does not write it."""

    debtor: str = ""
    creditor: str = ""
    purpose: str = ""
    amount: str = ""
    reference: str = ""
    end_to_end: str = ""


class Details:
    """The transactions of an entry: how many, their sum, and the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[Detail] = []
        self._sums: dict[str, Decimal] = {}
        self._known = True  # whether each has an amount

    def add(self, element: Element) -> None:
        """Read a transaction."""
        self.count += 1
        parts = children(element)
        amount = text_at(element, "Amt") or text_at(parts.get("AmtDtls"), "TxAmt", "Amt")
        mark = text_at(element, "CdtDbtInd")
        try:
            self._sums[mark] = self._sums.get(mark, Decimal(0)) + Decimal(amount)
        except InvalidOperation:
            self._known = False
        if self.count <= LISTED:
            self.first.append(_detail(parts, amount))

    def total(self, own: str) -> Decimal | None:
        """The signed sum, None if it is not known. `own` is the direction of the entry."""
        if not self._known:
            return None
        signs = {"CRDT": 1, "DBIT": -1}
        return sum(
            (each * signs.get(mark or own, 1) for mark, each in self._sums.items()), Decimal(0)
        )


def _detail(parts: dict[str, Element], amount: str) -> Detail:
    parties, agents = children(parts.get("RltdPties")), children(parts.get("RltdAgts"))
    references = children(parts.get("Refs"))
    return Detail(
        debtor=_party(parties, agents, "Dbtr"),
        creditor=_party(parties, agents, "Cdtr"),
        purpose=_purpose(parts),
        amount=amount,
        reference=_reference(references.get("AcctSvcrRef")),
        end_to_end=_reference(references.get("EndToEndId")),
    )


def entry(element: Element, details: Details, number: int, page: RawPage) -> RawLine:
    """Read an entry of the `number`th statement; its details were read before it ended."""
    parts = children(element)
    complaint = _repeated(element)
    amount = currency = not_booked = ""
    try:
        amount, currency = signed(parts)
        not_booked = _status(parts.get("Sts"))
    except ValueError as error:
        complaint = complaint or str(error)
    day = day_of(parts.get("BookgDt")) or day_of(parts.get("ValDt"))
    if not_booked and not day:
        day = page.days[-1] if page.days else ""
    if currency and page.currency and currency != page.currency:
        not_booked = not_booked or f"in {currency}, and the account is in {page.currency}"
    return RawLine(
        page=number,
        day=day,
        amount=amount,
        currency=currency or page.currency,
        text=one_line(_text(element, parts, details, amount)),
        external_id=_identity(parts, details),
        not_booked=not_booked,
        complaint=complaint,
    )


def _repeated(element: Element) -> str:
    names = [local(child) for child in element]
    again = next((name for name in _ONCE if names.count(name) > 1), "")
    return f"{again} is given twice" if again else ""


def _status(element: Element | None) -> str:
    """Why the entry is not booked, "" for a booked one. A statement without `Sts` is of bookings.

    Raises ValueError for an unknown status.
    """
    if element is None:
        return ""
    code = (element.text or "").strip() or text_at(element, "Cd") or text_at(element, "Prtry")
    if code not in _NOT_BOOKED:
        raise ValueError(f"Sts {code[:60]!r} is none of {', '.join(_NOT_BOOKED)}")
    return _NOT_BOOKED[code]


def _identity(parts: dict[str, Element], details: Details) -> str:
    """The reference that is the same in each export: the bank's, else that of the payer.

    `NtryRef` comes last. A short number there may be the place in the statement, which is another
    in another export, so it is left out.
    """
    if found := _reference(parts.get("AcctSvcrRef")):
        return found
    if details.count == 1 and (found := details.first[0].reference or details.first[0].end_to_end):
        return found
    found = _reference(parts.get("NtryRef"))
    return "" if found.isdigit() and len(found) < _SHORTEST else found


def _reference(element: Element | None) -> str:
    text = one_line(element.text or "") if element is not None else ""
    return "" if text.upper() in _NO_REFERENCE or not text.strip("0") else text


def _text(element: Element, parts: dict[str, Element], details: Details, amount: str) -> str:
    """Who and what for; a reversal says what it undoes."""
    incoming = not amount.startswith("-")
    undone = _plain(parts.get("RvslInd")) in ("true", "1")
    described = [_described(each, incoming=incoming != undone) for each in details.first]
    text = _batch(details, described, amount) if details.count > 1 else "".join(described)
    text = text or _plain(parts.get("AddtlNtryInf")) or _counted(element) or _code(parts)
    if undone:
        return f"Reversal of a {'debit' if incoming else 'credit'}: {text}"
    return text


def _described(detail: Detail, *, incoming: bool) -> str:
    """The other party and the purpose. The parties of a reversal are those of the original."""
    name = (detail.debtor or detail.creditor) if incoming else (detail.creditor or detail.debtor)
    if not name or not detail.purpose or name in detail.purpose:
        return detail.purpose or name
    return f"{name}: {detail.purpose}"


def _batch(details: Details, described: list[str], amount: str) -> str:
    listed = [
        " ".join(filter(None, (text, each.amount)))
        for text, each in zip(described, details.first, strict=True)
    ]
    if details.count > len(listed):
        listed.append(f"and {details.count - len(listed)} more")
    text = f"Batch of {details.count}: {'; '.join(filter(None, listed))}"
    total = details.total("DBIT" if amount.startswith("-") else "CRDT")
    if amount and total is not None and total != Decimal(amount):
        text += f" (the details add up to {total})"
    return text


def _counted(element: Element) -> str:
    number = text_at(element, "NtryDtls", "Btch", "NbOfTxs")
    return f"Batch of {number}" if number else ""


def _code(parts: dict[str, Element]) -> str:
    codes = children(parts.get("BkTxCd"))
    return text_at(codes.get("Prtry"), "Cd") or text_at(codes.get("Domn"), "Fmly", "SubFmlyCd")


def _party(parties: dict[str, Element], agents: dict[str, Element], role: str) -> str:
    """The name of a party, with the one it acts for; else that of its bank."""
    name = _name(parties.get(role))
    behind = _name(parties.get(f"Ultmt{role}"))
    if name and behind and behind != name:
        return f"{name} ({behind})"
    return name or behind or text_at(agents.get(f"{role}Agt"), "FinInstnId", "Nm")


def _name(party: Element | None) -> str:
    """From version .001.04 on, a party is a choice of `Pty` and `Agt`."""
    if party is None:
        return ""
    return (
        text_at(party, "Nm")
        or text_at(party, "Pty", "Nm")
        or text_at(party, "Agt", "FinInstnId", "Nm")
    )


def _purpose(parts: dict[str, Element]) -> str:
    texts: list[str] = []
    remittance = parts.get("RmtInf")
    for child in remittance if remittance is not None else ():
        if local(child) == "Ustrd":
            texts.append(_plain(child))
        elif local(child) == "Strd":
            texts += text_at(child, "AddtlRmtInf"), text_at(child, "CdtrRefInf", "Ref")
    return " ".join(dict.fromkeys(filter(None, texts))) or _plain(parts.get("AddtlTxInf"))


def _plain(element: Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""
