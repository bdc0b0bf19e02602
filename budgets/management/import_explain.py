"""`import_statement --explain`: how a file was understood, and the profile it was read with."""

from collections.abc import Iterator
from typing import Any

from budgets.jobs.opening import Opened
from budgets.models import Budget
from budgets.statements import Finding, StatementFormat
from budgets.statements.remembered import flags
from tenants.management.base import Report
from tenants.management.table_layout import make_table


def explanation(budget: Budget, opened: Opened) -> Report:
    """Each column and each decision about the whole file, with its reason."""
    findings = [*_of_the_file(budget, opened), *opened.findings()]
    rows = [(each.subject, each.reading, each.reason) for each in findings]
    names = ("subject", "reading", "reason")
    table = make_table(*names, rows=rows)
    for column in table.columns:
        column.overflow = "fold"
    value = {
        "format": opened.file.format,
        "accounts": [account.id for account in opened.file.accounts],
        "profile": profile_json(opened),
        "findings": [dict(zip(names, row, strict=True)) for row in rows],
    }
    return value, table, *opened.sentences(), "nothing was written"


def profile_json(opened: Opened) -> dict[str, Any] | None:
    """The profile the file was read with, for programs; None without one."""
    if opened.match is None:
        return None
    profile = opened.match.profile
    return {
        "account": profile.account,
        "remembered_at": profile.updated_at.isoformat(timespec="seconds"),
        "options": profile.options,
        "gone": opened.match.gone,
        "new": opened.match.new,
    }


def kept_sentence(opened: Opened, account: str) -> str:
    """What the next import of the account will use."""
    shown = flags(opened.remembered) or "the new header"
    return f"remembered for {account}: {shown}; `import_profile` shows and changes it"


def _of_the_file(budget: Budget, opened: Opened) -> Iterator[Finding]:
    file = opened.file
    yield Finding("format", StatementFormat(file.format).label, "the content of the file")
    ids = ", ".join(account.id or "not named" for account in file.accounts)
    if file.names_account:
        reason = "--account" if "account" in opened.given else "the file names them"
    elif not file.account:
        reason = "the file names none"
    else:
        reason = "--account" if "account" in opened.given else f"--account {opened.since}"
    yield Finding("accounts", ids, reason)
    currency = file.currency
    yield Finding(
        "currency", currency or budget.currency, "the file names it" if currency else "the budget's"
    )
