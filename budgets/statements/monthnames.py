"""Dates that name their month: "31. Jan. 2025", "31 janv. 2025", "Fri, Mar 5, 2025", "05MAR25"."""

import re
from datetime import date

from budgets.statements.column_names import normal

_MONTHS = """
jan january januar jänner janvier janv enero ene gennaio gen januari janeiro stycznia styczeń sty januari
feb february februar février févr fév febrero febbraio februari fevereiro fev lutego luty lut
mar march märz mär mrz mars marzo maart mrt março marca marzec marts
apr april avril avr abril abr aprile kwietnia kwiecień kwi
may mai mayo maggio mag mei maio maja maj
jun june juni juin junio giugno giu junho czerwca czerwiec cze
jul july juli juillet juil julio luglio lug julho lipca lipiec lip
aug august août aou agosto ago augustus sierpnia sierpień sie augusti
sep sept september septembre septiembre settembre set setembro setiembre września wrzesień wrz
oct october oktober okt octobre octubre ottobre ott outubro out października październik paź
nov november novembre noviembre novembro listopada listopad lis
dec december dezember dez décembre déc diciembre dic dicembre dezembro grudnia grudzień gru desember des
"""  # noqa: E501  # a line for each month
MONTHS = {
    normal(name): month
    for month, names in enumerate(_MONTHS.strip().splitlines(), 1)
    for name in names.split()
}
"""The number of each month, by its names in English, German, French, Spanish, Italian, Dutch,
Portuguese, Polish and the Nordic languages."""

_WEEKDAYS = frozenset(
    map(
        normal,
        [
            "mon",
            "tue",
            "tues",
            "wed",
            "thu",
            "thur",
            "thurs",
            "fri",
            "sat",
            "sun",
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
            "mo",
            "di",
            "mi",
            "do",
            "fr",
            "sa",
            "so",
            "montag",
            "dienstag",
            "mittwoch",
            "donnerstag",
            "freitag",
            "samstag",
            "sonnabend",
            "sonntag",
            "lun",
            "mar",
            "mer",
            "jeu",
            "ven",
            "sam",
            "dim",
            "lundi",
            "mardi",
            "mercredi",
            "jeudi",
            "vendredi",
            "samedi",
            "dimanche",
            "mié",
            "jue",
            "vie",
            "sáb",
            "dom",
            "lunes",
            "martes",
            "miércoles",
            "jueves",
            "viernes",
            "sábado",
            "domingo",
            "gio",
            "lunedì",
            "martedì",
            "mercoledì",
            "giovedì",
            "venerdì",
            "sabato",
            "domenica",
            "ma",
            "wo",
            "vr",
            "za",
            "zo",
            "maandag",
            "dinsdag",
            "woensdag",
            "donderdag",
            "vrijdag",
            "zaterdag",
            "zondag",
            "seg",
            "ter",
            "qua",
            "qui",
            "sex",
            "segunda",
            "terça",
            "quarta",
            "quinta",
            "sexta",
            "feira",
            "pon",
            "wt",
            "śr",
            "czw",
            "pt",
            "sob",
            "niedz",
            "poniedziałek",
            "wtorek",
            "środa",
            "czwartek",
            "piątek",
            "sobota",
            "niedziela",
        ],
    )
)
_FILLERS = frozenset(("st", "nd", "rd", "th", "er", "de", "of", "den", "the", "le", "el", "il"))
_TOKENS = re.compile(r"[0-9]+|[^\W\d_]+")
_CENTURY = 69  # of two digits, those from here on are of 1900, as POSIX has it


def named_date(text: str) -> date | None:
    """The day, None for what is no such date.

    >>> [str(named_date(text)) for text in ("31. Jan. 2025", "mar. 4 f\u00e9vr. 2025", "31 Foo 25")]
    ['2025-01-31', '2025-02-04', 'None']
    """
    tokens = _TOKENS.findall(normal(text))
    numbers = [token for token in tokens if token.isdecimal()]
    words = [token for token in tokens if not token.isdecimal() and token not in _FILLERS]
    if len(words) == 2 and words[0] in _WEEKDAYS:
        words = words[1:]
    if len(numbers) != 2 or len(words) != 1 or words[0] not in MONTHS:
        return None
    day, year = numbers if len(numbers[0]) <= 2 else reversed(numbers)
    if len(day) > 2 or len(year) not in (2, 4):
        return None
    full = int(year)
    if len(year) == 2:
        full += 1900 if full >= _CENTURY else 2000
    try:
        return date(full, MONTHS[words[0]], int(day))
    except ValueError:
        return None


def without_weekday(text: str) -> str:
    """The digits behind the name of a weekday."""
    first, _, rest = text.partition(" ")
    return rest.strip() if rest[:1].isdecimal() and normal(first) in _WEEKDAYS else text
