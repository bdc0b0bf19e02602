"""The formats of statements that are read."""

from enum import StrEnum


class StatementFormat(StrEnum):
    """A format, as a Statement stores it and `Reader.format` names it."""

    OFX = "ofx"
    CSV = "csv"
    QIF = "qif"
    CAMT053 = "camt053"
    MT940 = "mt940"

    @property
    def label(self) -> str:
        """The name for people."""
        return _LABELS[self]

    @property
    def names_currency(self) -> bool:
        """Whether its files name a currency; amounts of others are taken to be the budget's."""
        return self not in (StatementFormat.CSV, StatementFormat.QIF)


_LABELS = {
    StatementFormat.OFX: "OFX or QFX",
    StatementFormat.CSV: "CSV",
    StatementFormat.QIF: "QIF",
    StatementFormat.CAMT053: "camt.053",
    StatementFormat.MT940: "MT940",
}
LONGEST_FORMAT = 10
"""Characters of the column that stores a format."""
