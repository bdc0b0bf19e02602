"""`manage.py import_profile`: list, show, change or forget how the files of accounts are read."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from budgets.errors import BadProfile
from budgets.management.base import BudgetCommand
from budgets.management.csv_options import CSV, ROLES, hints_of
from budgets.management.request_flags import DRY_RUN
from budgets.models import Budget, ImportProfile
from budgets.statements.remembered import REMEMBERED, options_of
from tenants.management.base import Report
from tenants.management.declarations import Verb, argument
from tenants.management.table_layout import make_table

ON = "--tenant morgenrot --budget Bakery"
CLEARED = {name.replace("_", "-"): name for name in REMEMBERED} | {
    f"{role}-column": role for role in ROLES
}
"""The names of the flags without dashes, and the option or the role of each."""


def _list(budget: Budget, **_: Any) -> Report:
    """The profiles of a budget."""
    return _report(budget.import_profiles.by_account(), many=True)


def _show(budget: Budget, *, account: str, **_: Any) -> Report:
    return _shown(ImportProfile.objects.get_by_name(budget, account))


def _edit(budget: Budget, *, account: str, clear: list[str], **options: Any) -> Report:
    """Change options. Raises BadProfile."""
    new = options_of(hints_of(options | {"account": ""}))
    columns = new.get("columns", {})
    for name in clear:
        target = columns if name.endswith("-column") else new
        target[CLEARED[name]] = None
    if not (new or columns):
        raise BadProfile("name what to change, such as --sign reversed or --clear decimal")
    profile = ImportProfile.objects.get_by_name(budget, account)
    return _shown(ImportProfile.objects.edit(profile, new | {"columns": columns}))


def _forget(budget: Budget, *, account: str, **_: Any) -> Report:
    profile = ImportProfile.objects.get_by_name(budget, account)
    report = _shown(profile)
    ImportProfile.objects.forget(profile)
    return *report, f"forgotten: the next import of {profile} takes no options from it"


def _shown(profile: ImportProfile) -> Report:
    """One profile, with its columns."""
    return *_report([profile]), f"columns: {', '.join(profile.header) or 'none'}"


def _report(profiles: Iterable[ImportProfile], *, many: bool = False) -> Report:
    rows = [_row(each) for each in profiles]
    table = make_table("account", "format", "options", "remembered")
    for row in rows:
        table.add_row(
            row["account"] or "(not named)",
            row["format"],
            row["flags"],
            row["remembered_at"][:10],
        )
    table.columns[2].overflow = "fold"
    return (rows if many else rows[0]), table


def _row(profile: ImportProfile) -> dict[str, Any]:
    return {
        "account": profile.account,
        "format": profile.format,
        "header": profile.header,
        "options": profile.options,
        "flags": profile.flags,
        "remembered_at": profile.updated_at.isoformat(timespec="seconds"),
        "id": profile.pk,
    }


ACCOUNT = argument(
    "account", "account (default: that of files that name none)", "ACCOUNT", nargs="?", default=""
)
VERBS = {
    "list": Verb("list the profiles of a budget", _list),
    "show": Verb("show the options and the columns of a profile", _show, (ACCOUNT,)),
    "edit": Verb(
        "change options; the next import uses them",
        _edit,
        (
            ACCOUNT,
            argument(
                "--clear",
                "take an option away, such as sign or amount-column",
                "OPTION",
                action="append",
                choices=[*CLEARED],
                default=[],
            ),
            DRY_RUN,
            CSV,
        ),
    ),
    "forget": Verb("delete a profile", _forget, (ACCOUNT, DRY_RUN)),
}


class Command(BudgetCommand):
    """Runs the verbs of ImportProfileManager."""

    help = (
        "List, show, change or forget the import profiles of a budget. A profile has the options "
        "with which the files of an account were imported; `import_statement` remembers them and "
        "uses them for the next file of the account."
    )
    examples = f"""
  manage.py import_profile list {ON}
  manage.py import_profile show 16-234567-8 {ON} --json
  manage.py import_profile edit 16-234567-8 {ON} --clear date-format --dry-run
  manage.py import_profile forget 16-234567-8 {ON} --dry-run
"""
    verbs = VERBS

    def handle(
        self,
        *args: Any,
        verb: str,
        tenant: str,
        budget: str,
        json: bool,
        dry_run: bool = False,
        **options: Any,
    ) -> None:
        def work(found: Budget) -> Report:
            report: Report = VERBS[verb].run(found, **options)
            if dry_run:
                transaction.set_rollback(True)
            return report

        report = self.on_budget(tenant, budget, work)
        self.print_report(json, (*report, "dry run: nothing was written") if dry_run else report)
