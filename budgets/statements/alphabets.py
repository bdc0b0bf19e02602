"""Whether a text looks as if it was read in the wrong encoding, and in which it may be.

A bank that writes Windows-1250 has bytes that are letters in Windows-1252 as well. What tells are
signs within words ("Wp\u00b3ywy"), capitals within words, long rows of accents, and letters that no
language has together. Only then charset-normalizer is asked which other encodings fit.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import BinaryIO

from budgets.errors import BadStatement
from budgets.statements.lines import one_line

WESTERN = "cp1252"
_OTHERS = (
    *("cp1250", "iso8859_2", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("koi8_r", "cp866", "mac_roman", "cp850", "cp852", "cp932", "gb18030", "big5", "cp949"),
)
_WORD = re.compile(r"[^\s;,\t|\"<>]*[^\x00-\x7f\s][^\s;,\t|\"<>]*")
_ODD = "\u00af\u00a3\u00b3\u00b9\u00bf\u00bc\u00be\u00a5\u00a2\u00a1\u00a6\u00b6\u00b1\u00ac\u00a8\u00b8\u02c6\u2021\u2020\u0192\u2030\u00a4\u201a\u201e\u201c\u201d\u203a\u2039\u00a7"  # noqa: E501
_LETTER = r"[^\W\d_]"
_UNLIKELY = re.compile(
    rf"{_LETTER}[{_ODD}]{_LETTER}"
    rf"|[\u00af\u00ac\u00a8\u00b8\u00a6\u00b6\u2020\u2021\u02c6]{_LETTER}"
    r"|[a-z]\u00fe(?!\w)"
    rf"|{_LETTER}[\u00b9\u00bf\u00a1\u201a](?!\w)"
    r"|[a-z][\u00c0-\u00de\u0160\u017d\u0178\u0152](?:[a-z]|$)"
    r"|[\u00aa\u00b5\u00ba\u00c0-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e]{3}"
)
_ALPHABETS = tuple(
    map(
        frozenset,
        (
            "äöüß", "àâæçéèêëîïôœùûüÿ", "áéíóúüñç", "àèéíïòóúüç·", "ãáâàçéêíóôõúü", "àèéìíîòóùú",
            "áéëïíóöüèê", "æøåéóòô", "åäöéüà", "áéíóúýþæöð", "äöõüšž",
        ),
    )
)  # fmt: skip
_EASTERN = tuple(
    map(
        frozenset,
        (
            "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîșțşţ",
            "čćđšž",
            "ąčęėįšųūž", "āčēģīķļņšūž", "çğ\u0131öşüâîi\u0307",
        ),
    )
)  # fmt: skip
_CJK = frozenset(
    ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "FULLWIDTH", "HALFWIDTH",
     "IDEOGRAPHIC")
)  # fmt: skip
"""First words of the names of letters in East Asia."""
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_ALTERNATIVES = 3
_DIFFERENT = 2  # letters
_LINE = 4096  # bytes, of files that are one line
_MOST = 16_000  # bytes to judge by
_SHOWN = 40  # characters of a sample


def require_likely(file: BinaryIO) -> None:
    """Raise BadStatement for a file that is text in Windows-1252 and hardly meant so."""
    sample = sample_of(file)
    text = sample.decode(WESTERN)
    words = _WORD.findall(text)
    unlikely = [word for word in words if _UNLIKELY.search(word)]
    odd = len(unlikely) * 4 >= len(words) > 0 and bool(unlikely)
    if not odd and _fits(text, _ALPHABETS):
        return
    names = guesses(sample) if odd else _sure_guesses(sample)
    if first := list(islice(names, _ALTERNATIVES)):
        raise BadStatement(_question(sample, unlikely or words, first))
    if len(unlikely) * 2 >= len(words) and unlikely:
        raise BadStatement(
            f"the text is unlikely in {WESTERN}, such as {one_line(unlikely[0])[:_SHOWN]!r}: say "
            f"--encoding with that of the file, or --encoding {WESTERN} if this is right"
        )


def _sure_guesses(sample: bytes) -> Iterator[str]:
    """Those where letters of several languages become letters of one, and not one letter only."""
    western = _letters(sample.decode(WESTERN))
    for name in guesses(sample):
        text = _decoded(sample, name)
        if _speaks(text) and len(western - _letters(text)) >= _DIFFERENT:
            yield name


def guesses(sample: bytes) -> Iterator[str]:
    """Other encodings in which the sample is a likely text, the best first."""
    from charset_normalizer import from_bytes  # only here: importing it takes 80 ms

    judged = from_bytes(sample, cp_isolation=[*_OTHERS, WESTERN], enable_fallback=False)
    readings = {name: text for name in _OTHERS if (text := _decoded(sample, name))}
    ordered = dict.fromkeys([match.encoding for match in judged] + list(readings))
    likely = [name for name in ordered if name in readings and _is_likely(readings[name])]
    fitting = [name for name in likely if _speaks(readings[name])]
    others = [match.encoding for match in judged if match.encoding in likely]
    by_text = {readings[name]: name for name in reversed([*fitting, *others])}
    yield from (name for name in dict.fromkeys([*fitting, *others]) if name in by_text.values())


def _decoded(sample: bytes, encoding: str) -> str:
    """The text, "" for bytes that are none in the encoding."""
    try:
        return sample.decode(encoding)
    except UnicodeError:
        return ""


def sample_of(file: BinaryIO) -> bytes:
    """The lines that are not plain ASCII, as many as it takes to judge."""
    kept, size = [], 0
    for line in iter(partial(file.readline, _LINE), b""):
        if not line.isascii():
            kept.append(line)
            size += len(line)
            if size > _MOST:
                break
    return b"".join(kept)


def _letters(text: str) -> set[str]:
    return {letter for letter in text.lower() if not letter.isascii() and letter.isalpha()} - set(
        "\u00aa\u00ba\u00b5"
    )


def _fits(text: str, alphabets: Iterable[frozenset[str]]) -> bool:
    """Whether some language has all of the letters that are not ASCII."""
    letters = _letters(text)
    return any(letters <= alphabet for alphabet in alphabets)


def _speaks(text: str) -> bool:
    """Whether the letters are those of one language, or of one script that is not Latin."""
    letters = _letters(text)
    if _fits(text, (*_EASTERN, *_ALPHABETS)):
        return bool(letters)
    return len({_script(letter) for letter in letters} | {"LATIN"}) == 2 and not any(
        _script(letter) == "LATIN" for letter in letters
    )


def _is_likely(text: str) -> bool:
    """Whether the words have no signs within them, and one script each."""
    for word in _WORD.findall(text):
        if _UNLIKELY.search(word) and not all(map(_is_other_script, filter(str.isalpha, word))):
            return False
        scripts = {_script(letter) for letter in word if letter.isalpha()}
        if len(scripts) > 1 and not (_KANA.search(text) and _is_east_asian(word)):
            return False
        if any(unicodedata.category(letter) in ("So", "Cn", "Co", "Cc") for letter in word):
            return False
    return True


def _script(letter: str) -> str:
    """The script of a letter, by its name in Unicode."""
    name = unicodedata.name(letter, "").partition(" ")[0]
    return "CJK" if name in _CJK else name


def _is_east_asian(word: str) -> bool:
    """Whether all letters are ASCII or of the scripts of East Asia, which stand side by side."""
    return all(letter.isascii() or _script(letter) == "CJK" for letter in word if letter.isalpha())


def _is_other_script(letter: str) -> bool:
    return _script(letter) != "LATIN"


def _question(sample: bytes, words: list[str], names: list[str]) -> str:
    raws = [word.encode(WESTERN) for word in words]
    raw = next((raw for raw in raws if raw.decode(names[0], "replace") not in words), raws[0])
    line = next((line for line in sample.splitlines() if raw in line), raw)
    at = max(line.find(raw) - _SHOWN // 4, 0)
    part = line[at : at + _SHOWN] if len(line) > _SHOWN else line
    plain = [name.replace("_", "-") for name in names]
    readings = [
        f"{one_line(part.decode(name, 'replace'))!r} in {name}" for name in (WESTERN, *plain)
    ]
    return (
        f"the text is {', '.join(readings[:-1])} and {readings[-1]}: say --encoding "
        f"{' or '.join(plain)}, or --encoding {WESTERN} if that is right"
    )
