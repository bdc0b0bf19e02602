"""Writers of camt.053 and MT940 for tests, as different banks write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from xml.sax.saxutils import escape, quoteattr

IBAN = "DE89370400440532013000"


@dataclass(frozen=True)
class Booking:
    """One entry. `amount` is in cents; `value` is the value date, that of the booking if None."""

    day: date
    amount: int
    name: str = "Ann"
    purpose: str = "Rent"
    id: str = ""
    value: date | None = None

    @property
    def text(self) -> str:
        return self.purpose if self.name in self.purpose else f"{self.name}: {self.purpose}"


def euros(cents: int, mark: str = ".") -> str:
    return f"{abs(cents) // 100}{mark}{abs(cents) % 100:02}"


def money(cents: int, currency: str = "EUR") -> str:
    mark = "DBIT" if cents < 0 else "CRDT"
    return f'<Amt Ccy="{currency}">{euros(cents)}</Amt><CdtDbtInd>{mark}</CdtDbtInd>'


def bal(kind: str, cents: int, day: str = "2026-01-01", currency: str = "EUR") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{money(cents, currency)}"
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def ntry(booking: Booking, version: str = "08") -> str:
    """An entry in the forms of a version: status, date and party differ."""
    old, day = version == "02", booking.day.isoformat()
    status = "BOOK" if old else "<Cd>BOOK</Cd>"
    posted = f"<DtTm>{day}T23:59:59-11:00</DtTm>" if version == "13" else f"<Dt>{day}</Dt>"
    party = f"<Nm>{escape(booking.name)}</Nm>"
    party = party if old else f"<Pty>{party}</Pty>"
    role = "Dbtr" if booking.amount > 0 else "Cdtr"
    reference = f"<AcctSvcrRef>{escape(booking.id)}</AcctSvcrRef>" if booking.id else ""
    return (
        f"<Ntry>{money(booking.amount)}<Sts>{status}</Sts><BookgDt>{posted}</BookgDt>{reference}"
        "<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"
        f"<RltdPties><{role}>{party}</{role}></RltdPties>"
        f"<RmtInf><Ustrd>{escape(booking.purpose)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def stmt(*parts: str, account: str = IBAN, currency: str = "EUR") -> str:
    return (
        f"<Stmt><Id>1</Id><CreDtTm>2026-01-31T08:00:00+01:00</CreDtTm><Acct><Id><IBAN>{account}"
        f"</IBAN></Id><Ccy>{currency}</Ccy></Acct>{''.join(parts)}</Stmt>"
    )


def camt(*statements: str, version: str = "08", prolog: str = "", message: str = "053") -> str:
    root = {"052": "BkToCstmrAcctRpt", "053": "BkToCstmrStmt", "054": "BkToCstmrDbtCdtNtfctn"}
    space = quoteattr(f"urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.{version}")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<Document xmlns={space}>'
        f"<{root[message]}><GrpHdr><MsgId>1</MsgId></GrpHdr>{''.join(statements)}"
        f"</{root[message]}></Document>"
    )


def swift_balance(tag: str, cents: int, day: date = date(2026, 1, 1)) -> str:
    return f":{tag}:{'D' if cents < 0 else 'C'}{day:%y%m%d}EUR{euros(cents, ',')}"


def swift_entry(booking: Booking, details: str, mark: str = "") -> str:
    value = booking.value or booking.day
    mark = mark or ("D" if booking.amount < 0 else "C")
    reference = f"//{booking.id}" if booking.id else ""
    return (
        f":61:{value:%y%m%d}{booking.day:%m%d}{mark}R{euros(booking.amount, ',')}NTRFNONREF"
        f"{reference}\n{wrapped(f':86:{details}')}"
    )


def german(booking: Booking) -> str:
    """Field 86 in subfields: up to ten of 27 characters for the purpose, two for the name."""
    purpose = f"SVWZ+{booking.purpose}"
    pieces = [purpose[at : at + 27] for at in range(0, len(purpose), 27)]
    filled = "".join(f"?{20 + number}{piece}" for number, piece in enumerate(pieces))
    name = f"?32{booking.name[:27]}" + (f"?33{booking.name[27:]}" if booking.name[27:] else "")
    return f"166?00GUTSCHRIFT?109310{filled}?30COBADEFFXXX?31{IBAN}{name}"


def wrapped(text: str) -> str:
    """Lines of 65 characters behind the tag."""
    lines = [text[at : at + 65] for at in range(4, max(len(text), 5), 65)]
    return f"{text[:4]}{'\n'.join(lines)}"


def mt940(
    entries: Sequence[str], opening: str = ":60F:C260101EUR0,00", closing: str = "", head: str = ""
) -> str:
    head = head or f":20:STARTUMS\n:25:{IBAN}\n:28C:1/1\n"
    return "\n".join([f"{head}{opening}", *entries, *([closing] if closing else []), "-", ""])


def near(day: date, days: int) -> date:
    return day + timedelta(days=days)
