"""Field 86 of MT940: who paid whom and what for, in the forms that banks write.

The subfields of German banks (`166?00GUTSCHRIFT?20SVWZ+Rent?32Ann`) are read by mt-940, after
what it would lose was mended: text with a question mark, repeated subfields, and words that a
line's end would join. The codes between slashes of Dutch banks (`/NAME/Ann/REMI/Rent/`) are read
here. Anything else is text as it stands.
"""

import re
from collections.abc import Mapping

from budgets.statements.lines import one_line

_STRUCTURED = re.compile(r"[0-9]{3}([?^~<@])(?=[0-9]{2})")
_SUBFIELDS = {mark: re.compile(f"{re.escape(mark)}([0-9]{{2}})") for mark in "?^~<@"}
_FULL = 27  # characters of a subfield; a word may go on in the next one
_FULL_LINE = 65  # characters of a line
_TEXTS = frozenset([*map(str, range(20, 30)), "32", "33", *map(str, range(60, 66))])
_KEYWORD = re.compile(
    r"(?:EREF|KREF|MREF|CRED|DEBT|PURP|SVWZ|MDAT|ABWA|ABWE|SQTP|ORCR|ORMR|DDAT|COAM|OAMT|IBAN|BIC )"
    r"\+"
)
_CODES = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|MARF|PREF|CSID|ORDP|BENM|ULTD|ULTC|ULTB|ID|ISDT|ADDR|PURP"
    r"|RTRN|ACCW|TRCD|CNTP|CREF|SVCL|OCMT|CHGS)/"
)
_HIDDEN = "\x1f"  # stands for a question mark that begins no subfield


def tidy(text: str) -> tuple[str, str]:
    """The field in one line as mt-940 reads it best, and text that it would drop.

    >>> tidy("166?00GUTSCHRIFT?20How are you??21Fine?32Ann")
    ('166?00GUTSCHRIFT?20How are you\\x1f ?21Fine ?32Ann ', '')
    >>> tidy("Rent for\\nMay")
    ('Rent for May', '')
    """
    found = _STRUCTURED.match(text)
    if not found:
        return _joined(text.split("\n")), ""
    code, *rest = _SUBFIELDS[found[1]].split(text.replace("\n", ""))
    subfields: dict[str, str] = {}
    for key, value in zip(rest[::2], rest[1::2], strict=True):
        gap = " " if key in _TEXTS and len(value) < _FULL else ""
        subfields[key] = subfields.get(key, "") + value.replace("?", _HIDDEN) + gap
    purpose = "".join(value for key, value in subfields.items() if key[0] == "2")
    first = _KEYWORD.search(purpose)
    line = code + "".join(f"?{key}{value}" for key, value in subfields.items())
    return line, _shown(purpose[: first.start()]) if first else ""


def described(text: str, read: Mapping[str, object], dropped: str) -> str:
    """The other party and the purpose, from the tidied `text` and what mt-940 `read` of it.

    The account of the other party is left out. It is not part of the name.
    """
    if "transaction_details" not in read:
        name = _shown(read.get("applicant_name"))
        purpose = " ".join(filter(None, (dropped, _shown(read.get("purpose")))))
        purpose = purpose or _shown(read.get("additional_purpose"))
        return _both(name, purpose) or _shown(read.get("posting_text"))
    parts = _CODES.split(text)
    coded = dict(zip(parts[1::2], parts[2::2], strict=True))
    if "NAME" not in coded and "REMI" not in coded:
        return one_line(text)
    purpose = coded.get("REMI", "").removeprefix("USTD//").strip("/")
    return _both(one_line(coded.get("NAME", "")), one_line(purpose)) or one_line(text)


def _both(name: str, purpose: str) -> str:
    if not name or not purpose or name in purpose:
        return purpose or name
    return f"{name}: {purpose}"


def _joined(lines: list[str]) -> str:
    """A line that is full may end within a word."""
    return "".join(f"{line}{'' if len(line) >= _FULL_LINE else ' '}" for line in lines).strip()


def _shown(text: object) -> str:
    return one_line(text.replace(_HIDDEN, "?")) if isinstance(text, str) else ""
