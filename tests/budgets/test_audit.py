"""The audit: a ledger is broken for real, as its owner, and the audit names the break."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from budgets.cascade import Claim
from budgets.jobs import audit
from budgets.management.commands import audit as command
from budgets.models import Bucket, Budget, Entry, Movement
from tenants.context import acting_for
from tenants.models import Tenant
from tenants.postgres.base import as_owner
from tests.command_line import in_a_process, manage
from tests.factories import BucketFactory, BudgetFactory
from tests.rows import begin_statement, import_line

TABLES = (
    "statementline", "statement", "entry", "movement", "bucketversion", "bucket", "budget",
)  # fmt: skip
ENTRIES_DO_NOT_ADD_UP = ("I1", "has entries that do not add up")
HOLDS_SOMETHING_ELSE = ("I2", "holds something else than came in")
TOTALS_DIFFER = ("I2", "has totals its movements do not have")
DOES_NOT_FOLLOW = ("I3", "does not follow the entry before it")
STANDS_ELSEWHERE = ("I3", "does not stand where its entries left it")
NOT_AS_PREVIEWED = ("I6", "is not what its preview would have said")
KEY_OR_FINGERPRINT = ("I7", "shares its key or has no fingerprint")
NOT_ITS_DEPOSIT = ("I7", "names a movement that is not its deposit")
NO_MIRROR = ("I9", "is no mirror of what it reverses")
GAPPED = ("I10", "has movements missing or numbered twice")
BACKDATED = ("I10", "was recorded before the one it follows")
RECORDED_AT_ANOTHER_TIME = (
    "I10", "was recorded at another time than it was written, or in the future",
)  # fmt: skip
MISPLACED = ("I10", "is not where its movement is")
OTHER_RULES = ("I14", "has other rules than its newest version")
OUT_OF_ORDER = ("I14", "is numbered out of order, or begins before the version it follows")
MORE_THAN_ITS_VERB = ("I14", "changes other rules than its verb does")
UNLIKE_ITS_STATEMENT = (
    "statement",
    "is undone in a standing statement, or stands in an undone one",
)
NOT_ONE_MONEY_BUCKET = ("I12", "has not one money bucket")


def owner_runs(*statements: str) -> None:
    """Run the statements as owner, in one transaction that no trigger of ours looks into."""
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("BEGIN")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE budgets_{table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        for table in TABLES:
            cursor.execute(f"ALTER TABLE budgets_{table} ENABLE TRIGGER USER")
        cursor.execute("COMMIT")


@pytest.fixture
def ledger(tenant: Tenant) -> Iterator[Tenant]:
    """A tenant with a budget of two buckets and three deposits.

    All of it goes when the test does: what stayed broken would show in other tests' audits.
    """
    with acting_for(tenant):
        budget = BudgetFactory()
        BucketFactory(budget=budget, name="Flat", filter=Claim(flat=10))
        BucketFactory(budget=budget, name="Fills", filter=Claim(share=500_000), target=60)
        for amount in (100, 101, 102):
            Movement.objects.deposit(budget, amount, key=f"of {amount}")
    yield tenant
    owner_runs(*(f"DELETE FROM budgets_{table} WHERE {of(tenant)}" for table in TABLES))


@pytest.fixture
def change(ledger: Tenant) -> Callable[..., None]:
    """Change rows of the ledger as owner: `change(table, set, where)`."""

    def change(table: str, to: str, where: str = "true") -> None:
        owner_runs(f"UPDATE budgets_{table} SET {to} WHERE {of(ledger)} AND {where}")

    return change


def of(tenant: Tenant) -> str:
    return f"tenant_id = '{tenant.pk}'"


def found(tenant: Tenant) -> set[tuple[str, str]]:
    """What the audit finds wrong, and names as that tenant's."""
    ran = manage("audit", "--tenant", tenant.slug, "--json")
    answer = ran.json
    assert (ran.code, answer["ok"]) == ((1, False) if answer["breaks"] else (0, True))
    theirs = [each for each in answer["breaks"] if each["tenant"] == tenant.slug]
    assert answer["tenants"][0]["breaks"] == len(theirs)
    others = {each["subject"] for each in answer["breaks"] if each not in theirs}
    assert others <= {"tenants.E034"}  # a unique that a test dropped is an index of a listing, too
    return {(each["invariant"], each["problem"]) for each in theirs}


def test_a_healthy_ledger_has_no_breaks(ledger):
    assert found(ledger) == set()


@pytest.mark.parametrize(
    ("table", "to", "where", "breaks"),
    [
        ("movement", "entry_count = entry_count + 1", "seq = 2", {ENTRIES_DO_NOT_ADD_UP}),
        (
            "movement", "amount = 99, net_amount = 99", "seq = 1",
            {ENTRIES_DO_NOT_ADD_UP, TOTALS_DIFFER},
        ),
        ("budget", "deposited = deposited + 1", "true", {HOLDS_SOMETHING_ELSE, TOTALS_DIFFER}),
        ("bucket", "balance = 31", "name = 'Flat'", {HOLDS_SOMETHING_ELSE, STANDS_ELSEWHERE}),
        ("bucket", "last_entry_seq = 4", "name = 'Flat'", {STANDS_ELSEWHERE}),
        (
            "entry", "balance_before = 11, balance_after = 21", "seq = 2 AND position = 1",
            {DOES_NOT_FOLLOW},
        ),
        ("entry", "seq = 9", "seq = 3 AND position = 1", {DOES_NOT_FOLLOW}),
        ("entry", "reason = 'hold_floor'", "seq = 3 AND position = 1", {NOT_AS_PREVIEWED}),
        ("bucketversion", "filter_flat = 11", "name = 'Flat'", {NOT_AS_PREVIEWED, OTHER_RULES}),
        (
            "bucketversion", "version = 2", "name = 'Flat'",
            {OTHER_RULES, OUT_OF_ORDER, MORE_THAN_ITS_VERB},
        ),
        ("bucket", "filter_flat = 11", "name = 'Flat'", {OTHER_RULES}),
        ("bucket", "name = 'Even'", "name = 'Flat'", {OTHER_RULES}),
        ("bucket", "target = NULL", "name = 'Fills'", {OTHER_RULES}),
        ("bucket", "hold_share = 1", "name = 'Fills'", {OTHER_RULES}),
        ("bucket", "locked = true", "name = 'Flat'", {OTHER_RULES}),
        ("bucket", "version = 0", "name = 'Flat'", {OTHER_RULES}),
        ("movement", "request_hash = ''", "seq = 2", {KEY_OR_FINGERPRINT}),
        ("movement", "seq = 9", "seq = 3", {GAPPED, MISPLACED, TOTALS_DIFFER}),
        ("entry", "movement_seq = 2", "seq = 3 AND position = 1", {MISPLACED}),
        ("budget", "last_movement_seq = 4", "true", {GAPPED, TOTALS_DIFFER}),
        (
            "movement", "recorded_at = '2020-02-29Z'", "seq = 2",
            {BACKDATED, RECORDED_AT_ANOTHER_TIME},
        ),
        (
            "bucket", "kind = 'envelope', priority = 9, filter_flat = 0", "kind = 'money'",
            {NOT_ONE_MONEY_BUCKET, OTHER_RULES},
        ),
    ],
)  # fmt: skip
def test_names_what_was_changed_behind_its_back(ledger, change, table, to, where, breaks):
    change(table, to, where)

    assert found(ledger) == breaks


def test_names_entries_that_follow_each_other_otherwise_than_their_movements(ledger, change):
    for seq, to in ((3, 9), (2, 3), (9, 2)):
        change("movement", f"seq = {to}", f"seq = {seq}")
    change("entry", "movement_seq = 5 - movement_seq", "movement_seq > 1")

    assert found(ledger) == {MISPLACED, BACKDATED}


@pytest.mark.parametrize(
    ("to", "breaks"),
    [("amount = amount + 1", set()), ("status = 'undone'", {UNLIKE_ITS_STATEMENT})],
)
def test_names_a_statements_line_that_is_not_its_deposit(ledger, change, to, breaks):
    with acting_for(ledger):
        import_line(begin_statement(Budget.objects.earliest("pk")))
    assert found(ledger) == set()

    change("statementline", to)

    assert found(ledger) == {NOT_ITS_DEPOSIT} | breaks


def test_names_a_version_that_was_taken_back(ledger):
    with acting_for(ledger):
        Bucket.objects.set_target(Bucket.objects.get(name="Fills"), 61)
    assert found(ledger) == set()

    owner_runs(f"DELETE FROM budgets_bucketversion WHERE {of(ledger)} AND version = 2")

    assert found(ledger) == {OTHER_RULES}


def test_names_a_version_that_begins_before_the_one_it_follows(ledger, change):
    with acting_for(ledger):
        Bucket.objects.set_target(Bucket.objects.get(name="Fills"), 61)

    change("bucketversion", "from_seq = 0", "version = 2")

    assert OUT_OF_ORDER in found(ledger)


def test_names_a_movement_without_entries(ledger):
    owner_runs(f"DELETE FROM budgets_entry WHERE {of(ledger)}")

    assert found(ledger) >= {ENTRIES_DO_NOT_ADD_UP, STANDS_ELSEWHERE}


def test_names_an_entry_that_is_missing(ledger):
    owner_runs(f"DELETE FROM budgets_entry WHERE {of(ledger)} AND seq = 2 AND position = 1")

    assert found(ledger) == {ENTRIES_DO_NOT_ADD_UP, DOES_NOT_FOLLOW, STANDS_ELSEWHERE}


@contextmanager
def without(ledger: Tenant, table: str, index: str) -> Iterator[None]:
    """No such unique index for the time of the block; the ledger then goes before it comes back."""
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [index])
        [definition] = cursor.fetchone()
        cursor.execute("SELECT FROM pg_constraint WHERE conname = %s", [index])
        constraint = bool(cursor.rowcount)
    alter = f"ALTER TABLE budgets_{table} "
    owner_runs(f"{alter} DROP CONSTRAINT {index}" if constraint else f"DROP INDEX {index}")
    try:
        yield
    finally:
        owner_runs(*(f"DELETE FROM budgets_{table} WHERE {of(ledger)}" for table in TABLES))
        restore = [definition]
        if constraint:
            restore.append(f"{alter} ADD CONSTRAINT {index} UNIQUE USING INDEX {index}")
        owner_runs(*restore)


def test_names_movements_that_share_a_key(ledger, change):
    with without(ledger, "movement", "budgets_movement_key_once"):
        change("movement", "key = 'of 100'", "seq < 3")

        assert found(ledger) == {KEY_OR_FINGERPRINT}


def test_names_movements_with_one_number(ledger, change):
    with without(ledger, "movement", "budgets_movement_seq_once"):
        change("movement", "seq = 2", "seq = 1")

        breaks = manage("audit", "--tenant", ledger.slug, "--json").json["breaks"]

    named = {(each["tenant"], each["invariant"]) for each in breaks}
    assert named == {(ledger.slug, GAPPED[0]), ("", "I8")}  # the listing has lost its index
    assert GAPPED[1] in {each["problem"] for each in breaks}


@pytest.fixture
def reversed_(ledger: Tenant) -> dict[str, Movement]:
    """A deposit of 50 twice, a withdrawal of 50, the reversal of each; a deposit elsewhere."""
    with acting_for(ledger):
        budget = Budget.objects.get()
        made = {
            "one": Movement.objects.deposit(budget, 50),
            "two": Movement.objects.deposit(budget, 50),
            "out": Movement.objects.withdraw(budget.buckets.money(), 50),
            "elsewhere": Movement.objects.deposit(BudgetFactory(), 50),
        }
        for name in ("out", "two", "one"):
            made[f"{name} again"] = Movement.objects.reverse_movement(made[name])
    return made


@pytest.mark.parametrize(
    ("of_what", "what_it_is"),
    [
        ("one", "the second reversal of one movement"),
        ("out again", "the reversal of a reversal"),
        ("elsewhere", "the reversal of another budget's movement"),
        ("of 101", "the reversal of another amount"),
    ],
)
def test_names_a_reversal_that_is(ledger, change, reversed_, of_what, what_it_is):
    assert found(ledger) == set()
    with acting_for(ledger):
        of_what = reversed_.get(of_what) or Movement.objects.get(key=of_what)
    with without(ledger, "movement", "budgets_movement_reversed_once"):
        change("movement", f"reverses_id = '{of_what.pk}'", f"id = '{reversed_['two again'].pk}'")

        assert found(ledger) == {NO_MIRROR}


def test_names_a_budget_with_two_money_buckets(ledger, change):
    plain = "kind = 'money', priority = NULL, filter_flat = NULL"
    with without(ledger, "bucket", "budgets_bucket_one_money"):
        change("bucket", plain, "name = 'Flat'")

        assert found(ledger) == {NOT_ONE_MONEY_BUCKET, OTHER_RULES}


@pytest.mark.parametrize(
    ("invariant", "broken", "mended", "named"),
    [
        (
            "I4",
            f"GRANT {privilege} ON budgets_{table} TO app",
            f"REVOKE {privilege} ON budgets_{table} FROM app",
            f"budgets_{table} lets app {privilege.split()[0]}",
        )
        for table in ("movement", "entry", "bucketversion", "scheduleversion")
        for privilege in ("UPDATE", "DELETE", "TRUNCATE", "UPDATE (created_at)")
    ]
    + [
        (
            "I8",
            f"ALTER TABLE budgets_entry {broken} ROW LEVEL SECURITY",
            f"ALTER TABLE budgets_entry {mended} ROW LEVEL SECURITY",
            "budgets_entry",
        )
        for broken, mended in (("DISABLE", "ENABLE"), ("NO FORCE", "FORCE"))
    ],
)
def test_names_a_guard_that_the_database_has_lost(tenant, invariant, broken, mended, named):
    owner_runs(broken)
    try:
        ran = manage("audit", "--tenant", tenant.slug)
    finally:
        owner_runs(mended)

    lines = ran.out.splitlines()
    assert ran.code == 1
    assert [line for line in lines if line.startswith(f"{invariant} database: ") and named in line]
    assert "every invariant holds" not in ran.out
    assert manage("audit", "--tenant", tenant.slug).code == 0


class TestCommand:
    def test_says_that_every_invariant_holds(self, ledger):
        ran = manage("audit", "--tenant", ledger.slug)

        assert ran.code == 0
        assert "every invariant holds: I1-I14" in ran.out

    def test_counts_what_it_has_read(self, ledger):
        ran = manage("audit", "--tenant", ledger.slug, "--json")

        with acting_for(ledger):
            entries = Entry.objects.count()
        assert ran.json == {
            "ok": True,
            "tenants": [
                {
                    "tenant": ledger.slug, "budgets": 1, "movements": 3, "entries": entries,
                    "breaks": 0,
                }
            ],
            "breaks": [],
        }  # fmt: skip

    def test_names_the_row_and_the_tenant_of_each_break(self, ledger, change):
        change("bucket", "last_entry_seq = 4", "name = 'Flat'")
        with acting_for(ledger):
            bucket = Bucket.objects.get(name="Flat")

        ran = manage("audit", "--tenant", ledger.slug)

        assert ran.code == 1
        assert f"I3 {ledger.slug}: bucket {bucket.pk} does not stand where" in ran.out
        assert ran.out.splitlines()[-1] == "1 break"

    def test_audits_every_tenant_unless_one_is_named(self, ledger, other):
        everybody = command._tenants(None)

        assert {ledger, other} <= set(everybody)
        assert command._tenants(ledger.slug) == [ledger]

    def test_tells_the_broken_tenant_from_others(self, ledger, other, change, monkeypatch):
        change("bucket", "last_entry_seq = 4", "name = 'Flat'")
        monkeypatch.setattr(command, "_tenants", lambda slug: [ledger, other])

        answer = manage("audit", "--json").json

        breaks = [(row["tenant"], row["breaks"]) for row in answer["tenants"]]
        assert breaks == [(ledger.slug, 1), (other.slug, 0)]
        assert [each["tenant"] for each in answer["breaks"]] == [ledger.slug]

    def test_leaves_other_tenants_alone_when_one_is_named(self, ledger, other, change):
        change("movement", "seq = 9", "seq = 3")

        assert manage("audit", "--tenant", other.slug, "--json").json["ok"] is True

    def test_refuses_a_tenant_there_is_not(self, committed, unique):
        manage("audit", "--tenant", unique).assert_refused("unknown_tenant", unique)

    def test_ends_with_its_exit_code_in_a_process_of_its_own(self, ledger, change, unique):
        change("movement", "seq = 9", "seq = 3")

        ran = in_a_process("audit", "--tenant", ledger.slug)

        # The example domains' functions are in the database, and none of its settings' apps.
        assert (ran.code, ran.out.splitlines()[-1].split()[-1]) == (1, "breaks")
        assert "numbered twice" in ran.out
        in_a_process("audit", "--tenant", unique).assert_refused("unknown_tenant")


def test_a_break_reads_as_a_sentence():
    found = audit.Break("I4", "", "budgets_entry", "lets app UPDATE")

    assert str(found) == "I4 database: budgets_entry lets app UPDATE"
    assert found.as_dict()["invariant"] == "I4"
