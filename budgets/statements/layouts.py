"""CSV files of banks and services whose columns are documented in public.

A layout is recognised by its whole header. Its options say what the cells do not show; an option
of a person or of a profile wins. Most layouts need none: detection reads them, and a test of each
shows it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from budgets.statements.column_names import normal
from budgets.statements.column_roles import Hints
from budgets.statements.lines import Finding
from budgets.statements.remembered import merge, option_names, options_of, with_remembered

_HLEDGER = (
    "https://github.com/simonmichael/hledger/blob/{commit}/examples/csv/{path}"  # its CSV examples
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A documented file: the names of its columns, separated by commas, and the `source`.

    `options` are those of `remembered`. `date_format` decides only between dates that can be read
    in two ways.
    """

    name: str
    title: str
    source: str
    header: str
    options: Mapping[str, Any] = field(default_factory=dict)
    date_format: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.header.split(","))


LAYOUTS = (
    Layout(
        name="bank-of-ireland",
        title="Bank of Ireland, current account",
        source=_HLEDGER.format(
            commit="995fcbeaf55370ef012fa188c36a7f1aee562468",
            path="bankofireland-checking.csv.rules",
        ),
        # Others may write this header too, so it says nothing of the form of dates.
        header="Date,Details,Debit,Credit,Balance",
    ),
    Layout(
        name="capital-one",
        title="Capital One, card",
        source=_HLEDGER.format(
            commit="0b0696b833eeecfce7130b9b57c7ff3c8d269cfe", path="capital-one.csv.rules"
        ),
        header="Transaction Date,Posted Date,Card No.,Description,Category,Debit,Credit",
    ),
    Layout(
        name="ing-nl",
        title="ING (Netherlands), comma separated",
        source="https://github.com/gpaulissen/ofxstatement-dutch/issues/4",
        header="Datum,Naam / Omschrijving,Rekening,Tegenrekening,Code,Af Bij,Bedrag (EUR),"
        "Mutatiesoort,Mededelingen",
    ),
    Layout(
        name="mint",
        title="Mint, transactions",
        source=_HLEDGER.format(
            commit="f986e2167dae8432b919accf46e47eabd11be5ed", path="apps/mint.csv.rules"
        ),
        header="Date,Description,Original Description,Amount,Transaction Type,Category,"
        "Account Name,Labels,Notes",
        date_format="%m/%d/%Y",
    ),
    Layout(
        name="monzo",
        title="Monzo, account",
        source=_HLEDGER.format(
            commit="3c8a62ae4b8336b526f8def08c74d927ad6d488f", path="monzo.csv.rules"
        ),
        header="Transaction ID,Date,Time,Type,Name,Emoji,Category,Amount,Currency,Local amount,"
        "Local currency,Notes and #tags,Address,Receipt,Description,Category split,Money Out,"
        "Money In,Balance,Balance currency",
        date_format="%d/%m/%Y",
    ),
    Layout(
        name="open-collective",
        title="Open Collective, platform default",
        source=_HLEDGER.format(
            commit="2dd2ad5cf9544f0ad0399a46ccd69cf27e1b9852",
            path="other/opencollective/opencollective-default.rules",
        ),
        header="Effective Date & Time,Transaction ID,Description,Credit/Debit,Kind,Group ID,"
        "Amount Single Column,Currency,Is Reverse,Is Reversed,Reverse Transaction ID,"
        "Account Handle,Account Name,Opposite Account Handle,Opposite Account Name,"
        "Payment Processor,Payment Method,Contribution Memo,Expense Type,Expense Tags,"
        "Expense Payout Method Type,Accounting Category Code,Accounting Category Name,"
        "Merchant ID,Reverse Kind",
        options={"columns": {"date": "Effective Date & Time", "amount": "Amount Single Column"}},
    ),
    Layout(
        name="paypal",
        title="PayPal, activity download with chosen fields",
        source=_HLEDGER.format(
            commit="0b0696b833eeecfce7130b9b57c7ff3c8d269cfe", path="paypal-custom.csv.rules"
        ),
        header="Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,"
        "To Email Address,Transaction ID,Item Title,Item ID,Reference Txn ID,Receipt ID,Balance,"
        "Note",
    ),
    Layout(
        name="starling",
        title="Starling Bank, statement",
        source="https://github.com/starlingbank/starling-developer-sdk/blob/"
        "676893c3680e0d4414f5a4a4f7bae048f46cf460/test/responses/v2-get-statement.csv",
        header="Date,Counter Party,Reference,Type,Amount (GBP),Balance (GBP),Spending Category",
        date_format="%d/%m/%Y",
    ),
    Layout(
        name="stripe",
        title="Stripe, balance change from activity",
        source=_HLEDGER.format(
            commit="f986e2167dae8432b919accf46e47eabd11be5ed", path="other/stripe.csv.rules"
        ),
        header="balance_transaction_id,created_utc,available_on_utc,currency,gross,fee,net,"
        "reporting_category,description",
        options={"columns": {"date": "created_utc", "id": "balance_transaction_id"}},
    ),
    Layout(
        name="ynab4",
        title="YNAB 4, file to import",
        source="http://www.youneedabudget.com/support/article/csv-file-importing",
        header="Date,Payee,Category,Memo,Outflow,Inflow",
    ),
    Layout(
        name="ynab",
        title="YNAB, register",
        source=_HLEDGER.format(
            commit="f986e2167dae8432b919accf46e47eabd11be5ed",
            path="apps/ynab-web-register.csv.rules",
        ),
        header="Account,Flag,Date,Payee,Category Group/Category,Category Group,Category,Memo,"
        "Outflow,Inflow,Cleared",
        options={"columns": {"status": "Cleared"}},
    ),
)


def _key(header: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(normal, header))


_BY_HEADER = {_key(layout.columns): layout for layout in LAYOUTS}


@dataclass(frozen=True, slots=True)
class Known:
    """The layout of a file, and the flags of its options that nobody gave otherwise."""

    layout: Layout
    flags: frozenset[str]

    def explained(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The layout, and the findings with it as the reason for what it decided."""
        yield Finding("layout", self.layout.name, self.layout.source)
        for finding in findings:
            mine = finding.reason.partition(" ")[0] in self.flags
            yield replace(finding, reason=f"layout {self.layout.name}") if mine else finding


def layout_of(header: Sequence[str]) -> Layout | None:
    """The layout with this header, whatever its case, accents and currencies."""
    return _BY_HEADER.get(_key(header))


def with_layout(hints: Hints, layout: Layout) -> tuple[Hints, Known]:
    """The same hints, and the options of the layout that they leave open."""
    given = options_of(hints)
    flags = option_names(merge(layout.options, given)) - option_names(given)
    return with_remembered(hints, layout.options), Known(layout, frozenset(flags))
