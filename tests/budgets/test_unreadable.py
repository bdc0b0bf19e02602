"""Rows from before the CHECKs whose times Python cannot read: found, named, marked, mended."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import reverse

from budgets.management.commands import audit as command
from budgets.models import Budget, Entry, Movement
from tenants.context import acting_for
from tenants.errors import ValueRefused
from tenants.models import Tenant, User
from tenants.postgres.base import as_owner
from tenants.postgres.unreadable_times import Unreadable
from tests.browser import UNCOLLECTED, browser
from tests.command_line import manage
from tests.factories import BudgetFactory, TenantFactory, UserFactory
from tests.tenants.schema import altered
from tests.times import UNREADABLE

pytestmark = [pytest.mark.usefixtures("own_database"), UNCOLLECTED]

CHECK = "budgets_movement_effective_at_readable"
DROP = f"ALTER TABLE budgets_movement DROP CONSTRAINT {CHECK}"
MEND = f"""
UPDATE budgets_movement SET effective_at = recorded_at;
ALTER TABLE budgets_movement ADD CONSTRAINT {CHECK}
CHECK (effective_at >= '1970-01-01Z' AND effective_at < '2200-01-01Z')
"""

each_time = pytest.mark.parametrize("written", UNREADABLE)


def owner_runs(statement: str, *values: Any) -> None:
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def ledger(own_database: str, committed: None) -> Tenant:
    """A tenant whose budget has three deposits, the second with the memo `odd`."""
    tenant = TenantFactory()
    with acting_for(tenant):
        budget = BudgetFactory(name="Home")
        for memo in ("before", "odd", "after"):
            Movement.objects.deposit(budget, 5_00, memo=memo)
    return tenant


@pytest.fixture
def become(ledger: Tenant) -> Iterator[Callable[[str], None]]:
    """Make it odd: `become(time)`; it is mended after the test."""

    def become(written: str) -> None:
        owner_runs("UPDATE budgets_movement SET effective_at = %s WHERE memo = 'odd'", written)

    with altered(DROP, MEND):
        yield become


class TestAPage:
    @each_time
    def test_of_the_ledger_marks_the_row_and_has_the_others(self, ledger, become, written):
        become(written)

        with acting_for(ledger):
            rows = Entry.objects.page({"budget": Budget.objects.get().pk}).rows

        assert [row.movement.memo for row in rows] == ["after", "odd", "before"]
        times: list[Any] = [row.movement.effective_at for row in rows]
        assert [isinstance(time, Unreadable) for time in times] == [False, True, False]
        assert str(times[1]).startswith("unreadable: ")

    @pytest.mark.parametrize("view", ["dashboard", "ledger"])
    @pytest.mark.parametrize("form", [[], ["--json"]])
    def test_of_a_report_too(self, ledger, become, view, form, monkeypatch):
        monkeypatch.setenv("COLUMNS", "200")
        become("infinity")
        owner_runs("UPDATE budgets_movement SET effective_at = 'infinity' WHERE memo = 'after'")

        ran = manage("report", view, "--tenant", ledger.slug, "--budget", "Home", *form)

        assert (ran.code, ran.err) == (0, "")
        assert "unreadable" in ran.out

    @each_time
    @pytest.mark.parametrize("page", ["movement_changelist", "entry_changelist", "movement_change"])
    def test_of_the_admin_answers_200(self, ledger, become, written, page):
        become(written)
        with acting_for(ledger):
            odd = Movement.objects.defer("effective_at").get(memo="odd")
        client = browser(User.objects.create_superuser(UserFactory.build().email))
        args = [odd.pk] if page == "movement_change" else []

        answer = client.get(reverse(f"admin:budgets_{page}", args=args))

        assert answer.status_code == 200
        if page != "entry_changelist":  # which has no times
            assert "unreadable: " in answer.text


@pytest.mark.parametrize("written", UNREADABLE[:4])
def test_elsewhere_it_is_a_typed_error_and_not_a_row_that_is_not_there(ledger, become, written):
    become(written)

    with pytest.raises(ValueRefused) as caught, acting_for(ledger):
        Movement.objects.get(memo="odd")

    assert caught.value.sqlstate == "22008"


@pytest.mark.parametrize("written", UNREADABLE[4:])
def test_elsewhere_a_time_that_some_zones_can_show_is_read(ledger, become, written):
    become(written)

    with acting_for(ledger):
        assert Movement.objects.get(memo="odd").effective_at.year in (1, 9999)


class TestTheAudit:
    @pytest.fixture
    def tenants(self, ledger: Tenant, monkeypatch: pytest.MonkeyPatch) -> list[Tenant]:
        """The tenant and, after it, one whose ledger is broken."""
        other = TenantFactory()
        with acting_for(other):
            Movement.objects.deposit(BudgetFactory(), 5_00)
        owner_runs(
            "UPDATE budgets_budget SET deposited = deposited + 1 WHERE tenant_id = %s", other.pk
        )
        monkeypatch.setattr(command, "_tenants", lambda slug: [ledger, other])
        return [ledger, other]

    def test_names_the_tenant_it_cannot_read_and_goes_on(self, tenants, become):
        owner_runs("UPDATE budgets_movement SET effective_at = 'infinity' WHERE memo = 'after'")

        ran = manage("audit", "--json")

        unread, other = tenants
        assert (ran.code, ran.err) == (1, "")
        named = {(each["invariant"], each["tenant"]) for each in ran.json["breaks"]}
        assert named == {("I8", ""), ("unreadable", unread.slug), ("I2", other.slug)}
        rows = {row["tenant"]: row for row in ran.json["tenants"]}
        assert (rows[unread.slug]["movements"], rows[unread.slug]["breaks"]) == (3, 1)

    def test_says_so_in_words(self, tenants, become):
        owner_runs("UPDATE budgets_movement SET effective_at = 'infinity' WHERE memo = 'after'")

        ran = manage("audit")

        unread, other = tenants
        assert (ran.code, ran.err) == (1, "")
        assert f"unreadable {unread.slug}: tenant {unread.pk} cannot be read to its end" in ran.out
        assert f"I2 {other.slug}: " in ran.out
        assert "I8 database: tenants.E018 " in ran.out


def test_a_migration_names_the_rows_and_goes_on_when_they_are_mended(ledger, committed):
    with acting_for(ledger):
        odd = Movement.objects.get(memo="odd")
    assert manage("migrate", "budgets", "0006", "--verbosity", 0).code == 0
    owner_runs("UPDATE budgets_movement SET effective_at = 'infinity' WHERE id = %s", odd.pk)

    refused = manage("migrate", "budgets", "--verbosity", 0)
    owner_runs("UPDATE budgets_movement SET effective_at = recorded_at WHERE id = %s", odd.pk)
    mended = manage("migrate", "budgets", "--verbosity", 0)

    refused.assert_refused(
        "unreadable_times", "budgets_movement", "effective_at", f"{odd.pk} (infinity)", "as owner"
    )
    assert (mended.code, mended.err) == (0, "")
    assert manage("check", "--database", "default").code == 0
