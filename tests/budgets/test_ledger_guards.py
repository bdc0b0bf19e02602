"""What SQL typed as role app, inside a tenant's block, cannot do to the ledger.

Each attack must be refused by the rule that is named, and must have changed nothing.
"""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from budgets.cascade import Claim
from budgets.models import Bucket, BucketVersion, Budget, Entry, Movement
from tenants.context import acting_for
from tenants.errors import (
    CheckBroken,
    Conflict,
    DatabaseFailed,
    ForeignKeyBroken,
    QueryFailed,
    TenantViolation,
    UniqueBroken,
)
from tenants.models import Tenant
from tests.factories import BucketFactory, BudgetFactory, TenantFactory
from tests.threads import in_thread

WRITTEN_ONCE = ["budgets_movement", "budgets_entry", "budgets_bucketversion"]
LEDGER = [Budget, Bucket, BucketVersion, Movement, Entry]


@dataclass(frozen=True)
class Ledger:
    """A tenant with two movements: 5.00 into spare; then 100.00 into rent and 50.00 into fun."""

    tenant: Tenant
    ids: dict[str, Any]  # what SQL may name

    @classmethod
    def of(cls, tenant: Tenant) -> "Ledger":
        with acting_for(tenant):
            budget, second = BudgetFactory(), BudgetFactory()
            rows = {
                "budget": budget,
                "second": second,
                "savings": BucketFactory(budget=second),
                "money": budget.buckets.money(),
                "rent": BucketFactory(budget=budget, filter=Claim(flat=100_00)),
                "fun": BucketFactory(budget=budget, filter=Claim(share=1_000_000)),
                "spare": BucketFactory(budget=budget),
                "empty": BucketFactory(budget=budget, locked=True),
            }
            Movement.objects.deposit_into(rows["spare"], 5_00)
            rows["old"] = Movement.objects.deposit(budget, 150_00)
        ids = {name: row.pk for name, row in rows.items()}
        return cls(tenant, ids | {"tenant": tenant.pk, "new": uuid4(), "bucket": uuid4()})

    def rows(self) -> list[list[tuple[Any, ...]]]:
        """All there is, whole."""
        with acting_for(self.tenant):
            return [list(model.objects.order_by("pk").values_list()) for model in LEDGER]

    def run(self, *statements: str) -> None:
        """Execute SQL in one block of the tenant, and commit."""
        with acting_for(self.tenant):
            self.execute(*statements)

    def execute(self, *statements: str) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement, self.ids)

    def refusal(self, *statements: str) -> tuple[type[DatabaseFailed], str | None]:
        """The error the statements end in, with its constraint; nothing may have changed."""
        before = self.rows()
        with pytest.raises(DatabaseFailed) as caught:
            self.run(*statements)
        assert self.rows() == before
        return type(caught.value), caught.value.constraint


@pytest.fixture(scope="module")
def pair(django_db_setup, django_db_blocker) -> tuple[Ledger, Ledger]:
    """Two ledgers that nobody succeeds in changing; the first knows the ids of the second."""
    with django_db_blocker.unblock():
        ledger, theirs = Ledger.of(TenantFactory()), Ledger.of(TenantFactory())
    ledger.ids.update({f"their_{name}": value for name, value in theirs.ids.items()})
    return ledger, theirs


@pytest.fixture
def ledger(pair: tuple[Ledger, Ledger], committed: None) -> Ledger:
    return pair[0]


@pytest.fixture
def theirs(pair: tuple[Ledger, Ledger], committed: None) -> Ledger:
    return pair[1]


@pytest.fixture
def changing(tenant: Tenant) -> Ledger:
    """One that the test itself changes."""
    return Ledger.of(tenant)


# -- SQL that is right, until it is given other values ----------------------------------------


def movement(
    amount: int = 5_00, *, entry_count: int = 1, seq: int = 3, budget: str = "budget"
) -> str:
    return f"""
        INSERT INTO budgets_movement (id, tenant_id, budget_id, seq, kind, amount, net_amount,
            entry_count, effective_at, recorded_at, request_id, memo, metadata, source,
            request_hash, created_at, updated_at)
        VALUES (%(new)s, %(tenant)s, %({budget})s, {seq}, 'deposit', {amount}, {amount},
            {entry_count}, now(), now(), '', '', '{{}}', '', '', now(), now())"""


def entry(
    amount: int = 5_00,
    *,
    bucket: str = "rent",
    before: int = 100_00,
    after: int | None = None,
    seq: int = 2,
    position: int = 1,
    of: str = "new",
) -> str:
    after = before + amount if after is None else after
    return f"""
        INSERT INTO budgets_entry (id, tenant_id, movement_id, position, bucket_id, seq, amount,
            balance_before, balance_after, reason, became_full, created_at, updated_at)
        VALUES (gen_random_uuid(), %(tenant)s, %({of})s, {position}, %({bucket})s, {seq}, {amount},
            {before}, {after}, 'direct', false, now(), now())"""


def balance(stands: int = 105_00, *, seq: int = 2, bucket: str = "rent") -> str:
    where = f"tenant_id = %(tenant)s AND id = %({bucket})s"
    return f"UPDATE budgets_bucket SET balance = {stands}, last_entry_seq = {seq} WHERE {where}"


def new_bucket(stands: int = 0, *, seq: int = 0, budget: str = "budget", more: str = "") -> str:
    return f"""
        INSERT INTO budgets_bucket (id, tenant_id, budget_id, name, kind, priority, filter_flat,
            locked, balance, version, last_entry_seq, created_at, updated_at)
        VALUES (%(bucket)s, %(tenant)s, %({budget})s, 'New', 'envelope', 99, 0,
            false, {stands}, 1, {seq}, now(), now()) {more}"""


def version(
    number: int = 1,
    *,
    bucket: str = "bucket",
    budget: str = "budget",
    begins: int = 1,
    **rules: str,
) -> str:
    """A version of a bucket with the rules it has, or that `new_bucket` gives, but for `rules`."""
    columns = "name, priority, filter_flat, filter_share, hold_flat, hold_share, target, locked"
    values = ", ".join(rules.get(name, name) for name in columns.split(", "))
    return f"""
        INSERT INTO budgets_bucketversion (id, tenant_id, budget_id, bucket_id, version, from_seq,
            verb, {columns}, effective_at, request_id, memo, metadata, request_hash,
            created_at, updated_at)
        SELECT gen_random_uuid(), tenant_id, %({budget})s, id, {number}, {begins},
            'set', {values}, now(), '', '', '{{}}', '', now(), now()
        FROM budgets_bucket WHERE tenant_id = %(tenant)s AND id = %({bucket})s"""


def rules(to: str, *, version: int = 2, bucket: str = "rent") -> str:
    where = f"tenant_id = %(tenant)s AND id = %({bucket})s"
    return f"UPDATE budgets_bucket SET {to}, version = {version} WHERE {where}"


ADDS_UP = (CheckBroken, "budgets_movement_adds_up")
AS_VERSIONED = (CheckBroken, "budgets_bucket_as_versioned")
FOLLOWS = (CheckBroken, "budgets_bucketversion_follows")
JOINS = (CheckBroken, "budgets_entry_joins_its_movement")
CHAINS = (CheckBroken, "budgets_entry_chains")
IS_LAST = (CheckBroken, "budgets_bucket_is_its_last_entry")
REFUSED = (TenantViolation, None)
CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE"


def test_what_is_right_is_accepted(changing):
    changing.run(movement(), entry(), balance())

    with acting_for(changing.tenant):
        assert Bucket.objects.get(pk=changing.ids["rent"]).balance == 105_00


def test_an_entry_has_the_seq_of_its_movement_whatever_it_says(changing):
    said = (
        entry().replace("became_full,", "became_full, movement_seq,").replace("false,", "false, 9,")
    )

    changing.run(movement(), said, balance())

    with acting_for(changing.tenant):
        assert Entry.objects.get(movement__seq=3).movement_seq == 3


class TestAMovementAddsUp:
    def test_its_entries_cannot_be_of_another_sum(self, ledger):
        assert ledger.refusal(movement(6_00), entry(), balance()) == ADDS_UP

    def test_it_cannot_go_without_entries(self, ledger):
        assert ledger.refusal(movement()) == ADDS_UP

    def test_it_cannot_have_fewer_entries_than_it_says(self, ledger):
        assert ledger.refusal(movement(entry_count=2), entry(), balance()) == ADDS_UP

    def test_it_cannot_have_more_entries_than_it_says(self, ledger):
        more = entry(bucket="fun", before=50_00, position=2)

        assert ledger.refusal(movement(10_00), entry(), balance(), more) == JOINS

    def test_nor_when_the_tenant_is_cleared_before_commit(self, ledger):
        clear = "SET LOCAL app.tenant_id = ''"

        assert ledger.refusal(movement(6_00), entry(), balance(), clear) == ADDS_UP

    def test_nor_when_the_tenant_is_switched_before_commit(self, ledger, theirs):
        switch = "SELECT use_tenant(%(their_tenant)s)"

        assert ledger.refusal(movement(6_00), entry(), balance(), switch) == ADDS_UP

    def test_nor_when_the_role_is_switched_before_commit(self, ledger):
        switch = "SET LOCAL ROLE inspector"

        assert ledger.refusal(movement(6_00), entry(), balance(), switch) == ADDS_UP

    def test_nor_when_row_security_is_off_at_commit(self, ledger):
        off = "SET LOCAL row_security = off"

        assert ledger.refusal(movement(6_00), entry(), balance(), off) == ADDS_UP

    def test_nor_after_a_check_that_came_too_early(self, ledger):
        later = "SET CONSTRAINTS ALL DEFERRED"

        assert ledger.refusal(CHECK_NOW, later, movement(6_00), entry(), balance()) == ADDS_UP

    def test_nor_by_adding_to_it_after_its_check(self, ledger):
        right = (movement(), entry(), balance(), CHECK_NOW, "SET CONSTRAINTS ALL DEFERRED")
        more = entry(bucket="fun", before=50_00, position=2)

        assert ledger.refusal(*right, more) == JOINS

    def test_nor_by_taking_back_what_it_was_checked_with(self, ledger):
        checked = ("SAVEPOINT s", entry(), balance(), CHECK_NOW, "ROLLBACK TO s")

        assert ledger.refusal(movement(), *checked) == ADDS_UP

    def test_nor_by_committing_in_the_middle(self, ledger):
        assert ledger.refusal(movement(), "COMMIT", entry(), balance()) == ADDS_UP

    def test_nor_by_leaving_the_block_and_going_on(self, ledger):
        assert ledger.refusal("ROLLBACK", movement(), entry(), balance()) == REFUSED

    def test_nor_by_entries_that_are_left_out_silently(self, ledger):
        twice = entry(before=105_00, seq=3, position=2) + " ON CONFLICT DO NOTHING"

        assert ledger.refusal(movement(10_00, entry_count=2), entry(), balance(), twice) == ADDS_UP

    def test_its_sum_cannot_differ_from_what_came_in(self, ledger):
        less = movement().replace("5_00", "1").replace("'deposit', 500, 500", "'deposit', 500, 1")

        assert ledger.refusal(less) == (CheckBroken, "budgets_movement_net_amount")

    @pytest.mark.parametrize(
        ("amount", "entry_count", "seq"), [(0, 1, 2), (-1, 1, 2), (1, 0, 2), (1, 1, 0)]
    )
    def test_it_is_of_something(self, ledger, amount, entry_count, seq):
        nothing = movement(amount, entry_count=entry_count, seq=seq)

        assert ledger.refusal(nothing) == (CheckBroken, "budgets_movement_amount")

    def test_it_has_a_place_of_its_own(self, ledger):
        assert ledger.refusal(movement(seq=1)) == (UniqueBroken, "budgets_movement_seq_once")


class TestAnOldMovement:
    def test_takes_no_more_lines_even_if_they_balance(self, ledger):
        up = entry(of="old", position=3, bucket="money", before=0, seq=1)
        down = entry(-5_00, of="old", position=4, bucket="spare", before=5_00)
        stand = (balance(5_00, seq=1, bucket="money"), balance(0, bucket="spare"))

        assert ledger.refusal(up, down, *stand) == JOINS

    def test_takes_no_line_in_a_place_that_is_taken(self, ledger):
        line = entry(of="old", position=2, bucket="spare", before=5_00)

        assert ledger.refusal(line) == (UniqueBroken, "budgets_entry_position_once")

    @pytest.mark.parametrize("position", [0, -1])
    def test_takes_no_line_before_its_first(self, ledger, position):
        line = entry(of="old", position=position)

        assert ledger.refusal(line) == (CheckBroken, "budgets_entry_signs")

    def test_takes_no_line_of_another_budgets_bucket(self, ledger):
        line = entry(bucket="savings", before=0, seq=1)

        assert ledger.refusal(movement(), line, balance(5_00, seq=1, bucket="savings")) == JOINS


class TestWhatIsWrittenOnce:
    @pytest.mark.parametrize("table", WRITTEN_ONCE)
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE {} SET updated_at = now()",
            "UPDATE {} SET id = id",
            "DELETE FROM {}",
            "DELETE FROM {} WHERE false",
            "TRUNCATE {}",
            "TRUNCATE {} CASCADE",
            "SELECT FROM {} FOR UPDATE",
            "MERGE INTO {} USING (VALUES (1)) v ON true WHEN MATCHED THEN DELETE",
            "INSERT INTO {0} TABLE {0} ON CONFLICT (tenant_id, id) DO UPDATE SET id = DEFAULT",
            "WITH gone AS (DELETE FROM {} RETURNING id) SELECT * FROM gone",
        ],
    )
    def test_cannot_be_changed_or_deleted(self, ledger, table, statement):
        assert ledger.refusal(statement.format(table)) == REFUSED

    @pytest.mark.parametrize("table", WRITTEN_ONCE)
    def test_cannot_be_copied_in(self, ledger, table):
        assert ledger.refusal(f"COPY {table} FROM STDIN") == (QueryFailed, None)

    @pytest.mark.parametrize("table", ["budgets_budget", "budgets_bucket", "tenants_tenant"])
    def test_cannot_go_with_what_it_belongs_to(self, ledger, table):
        assert ledger.refusal(f"DELETE FROM {table}") == REFUSED


class TestABalance:
    def test_cannot_change_alone(self, ledger):
        alone = "UPDATE budgets_bucket SET balance = 1 WHERE id = %(rent)s"

        assert ledger.refusal(alone) == IS_LAST

    def test_cannot_change_its_count_of_entries_alone(self, ledger):
        alone = "UPDATE budgets_bucket SET last_entry_seq = 2 WHERE id = %(rent)s"

        assert ledger.refusal(alone) == IS_LAST

    def test_cannot_change_without_an_entry(self, ledger):
        assert ledger.refusal(balance()) == IS_LAST

    def test_cannot_be_what_an_earlier_entry_said(self, changing):
        changing.run(movement(), entry(), balance())

        assert changing.refusal(balance(100_00, seq=1)) == IS_LAST

    def test_cannot_begin_above_nothing(self, ledger):
        assert ledger.refusal(new_bucket(1)) == IS_LAST

    def test_cannot_begin_with_entries(self, ledger):
        assert ledger.refusal(new_bucket(seq=1)) == IS_LAST

    def test_cannot_change_by_an_upsert(self, changing):
        changing.run(new_bucket(), version())
        again = new_bucket(more="ON CONFLICT (tenant_id, id) DO UPDATE SET balance = 1")

        assert changing.refusal(again) == IS_LAST

    def test_cannot_change_by_a_merge(self, ledger):
        merge = """MERGE INTO budgets_bucket b USING (VALUES (1)) v ON b.id = %(rent)s
                   WHEN MATCHED THEN UPDATE SET balance = 1"""

        assert ledger.refusal(merge) == IS_LAST

    def test_cannot_change_when_the_tenant_is_cleared_before_commit(self, ledger):
        assert ledger.refusal(balance(), "SET LOCAL app.tenant_id = ''") == IS_LAST

    def test_cannot_change_when_the_tenant_is_switched_before_commit(self, ledger, theirs):
        assert ledger.refusal(balance(), "SELECT use_tenant(%(their_tenant)s)") == IS_LAST

    def test_cannot_change_after_its_check(self, ledger):
        right = (movement(), entry(), balance(), CHECK_NOW)

        assert ledger.refusal(*right, balance(999_00)) == IS_LAST

    def test_cannot_change_after_its_check_was_put_off_again(self, ledger):
        right = (movement(), entry(), balance(), CHECK_NOW, "SET CONSTRAINTS ALL DEFERRED")

        assert ledger.refusal(*right, balance(999_00)) == IS_LAST

    def test_cannot_stay_when_an_entry_is_written(self, ledger):
        assert ledger.refusal(movement(), entry()) == CHAINS

    def test_cannot_be_taken_back_from_a_checked_entry(self, ledger):
        taken_back = ("SAVEPOINT s", balance(), CHECK_NOW, "ROLLBACK TO s")

        assert ledger.refusal(movement(), entry(), *taken_back) == CHAINS

    def test_cannot_be_taken_back_inside_a_block_of_code(self, ledger):
        taken_back = f"""DO $$ BEGIN {balance()}; {CHECK_NOW}; RAISE 'back';
                         EXCEPTION WHEN raise_exception THEN NULL; END $$"""

        assert ledger.refusal(movement(), entry(), taken_back) == CHAINS

    def test_cannot_be_below_zero(self, ledger):
        minus = "UPDATE budgets_bucket SET balance = -1 WHERE id = %(rent)s"

        assert ledger.refusal(minus) == (CheckBroken, "budgets_bucket_balance")


class TestAnEntry:
    def test_cannot_begin_where_the_one_before_did_not_end(self, ledger):
        assert ledger.refusal(movement(), entry(before=200_00), balance(205_00)) == CHAINS

    def test_cannot_leave_a_gap(self, ledger):
        assert ledger.refusal(movement(), entry(seq=3), balance(seq=3)) == CHAINS

    def test_cannot_begin_the_chain_again(self, ledger):
        again = (movement(), entry(seq=1), balance())

        assert ledger.refusal(*again) == (UniqueBroken, "budgets_entry_seq_once")

    @pytest.mark.parametrize("seq", [0, -1])
    def test_cannot_come_before_the_chain(self, ledger, seq):
        early = (movement(), entry(seq=seq, before=0))

        assert ledger.refusal(*early) == (CheckBroken, "budgets_entry_signs")

    def test_cannot_begin_a_chain_above_nothing(self, ledger):
        begun = (new_bucket(), version(), movement(), entry(bucket="bucket", before=1, seq=1))

        assert ledger.refusal(*begun, balance(5_01, seq=1, bucket="bucket")) == CHAINS

    def test_cannot_end_elsewhere_than_its_amount_says(self, ledger):
        odd = (movement(), entry(after=999_00))

        assert ledger.refusal(*odd) == (CheckBroken, "budgets_entry_adds_up")

    @pytest.mark.parametrize(("amount", "before"), [(0, 100_00), (-200_00, 100_00), (200_00, -1)])
    def test_cannot_be_of_nothing_or_below_zero(self, ledger, amount, before):
        odd = (movement(), entry(amount, before=before))

        assert ledger.refusal(*odd) == (CheckBroken, "budgets_entry_signs")

    def test_cannot_be_one_of_two_for_a_bucket_in_a_movement(self, ledger):
        twice = (movement(10_00, entry_count=2), entry(), entry(before=105_00, seq=3, position=2))

        assert ledger.refusal(*twice) == (UniqueBroken, "budgets_entry_bucket_once")

    @pytest.mark.parametrize(
        ("fork", "refusal"),
        [
            ([entry()], (UniqueBroken, "budgets_entry_seq_once")),
            ([entry(before=105_00, seq=3), balance(110_00, seq=3)], (Conflict, None)),
            ([entry(before=105_00, seq=3)], CHAINS),
        ],
    )
    def test_cannot_be_chained_to_what_a_stale_snapshot_shows(self, changing, fork, refusal):
        session = connection.cursor()
        session.execute("SET default_transaction_isolation = 'repeatable read'")

        def attack():
            with acting_for(changing.tenant):
                in_thread(changing.run, movement(), entry(), balance())
                changing.ids["new"] = uuid4()
                changing.execute(movement(seq=4), *fork)

        try:
            with pytest.raises(DatabaseFailed) as caught:
                attack()
        finally:
            session.execute("RESET default_transaction_isolation")

        assert (type(caught.value), caught.value.constraint) == refusal


class TestAnotherTenant:
    @pytest.mark.parametrize("table", [model._meta.db_table for model in LEDGER])
    def test_is_not_seen(self, ledger, theirs, table):
        with acting_for(ledger.tenant), connection.cursor() as cursor:
            cursor.execute(f"SELECT FROM {table} WHERE tenant_id = %s", [theirs.tenant.pk])

            assert cursor.rowcount == 0

    def test_cannot_be_given_rows(self, ledger, theirs):
        before = theirs.rows()
        given = new_bucket().replace("%(tenant)s", "%(their_tenant)s")

        assert ledger.refusal(given.replace("%(budget)s", "%(their_budget)s")) == REFUSED
        assert theirs.rows() == before

    @pytest.mark.parametrize(
        ("statement", "constraint"),
        [
            (new_bucket(budget="their_budget"), "budgets_bucket_budget_same_tenant"),
            (movement(budget="their_budget"), "budgets_movement_budget_same_tenant"),
            (entry(of="their_old", position=9), "budgets_entry_movement_same_tenant"),
            (
                movement() + "; " + entry(bucket="their_rent", before=0, seq=1),
                "budgets_entry_bucket_same_tenant",
            ),
            (
                "UPDATE budgets_budget SET owner_id = %(their_rent)s WHERE id = %(budget)s",
                "budgets_budget_owner_same_tenant",
            ),
        ],
    )
    def test_cannot_be_referred_to(self, ledger, theirs, statement, constraint):
        before = theirs.rows()

        assert ledger.refusal(*statement.split("; ")) == (ForeignKeyBroken, constraint)
        assert theirs.rows() == before

    @pytest.mark.parametrize("table", ["budgets_budget", "budgets_bucket"])
    def test_is_not_written_to(self, ledger, theirs, table):
        before = theirs.rows()

        ledger.run(
            f"UPDATE {table} SET name = 'x' WHERE tenant_id = %(their_tenant)s",
            f"UPDATE {table} SET name = 'x' WHERE id IN (%(their_budget)s, %(their_rent)s)",
        )

        assert theirs.rows() == before

    def test_gets_no_slug_that_others_claim_for_it(self, ledger, theirs):
        claim = "INSERT INTO tenants_tenantslug VALUES (gen_random_uuid(), %(their_tenant)s)"

        assert ledger.refusal(claim) == REFUSED

    def test_is_not_become(self, ledger, theirs):
        become = "UPDATE tenants_tenant SET id = %(their_tenant)s"

        assert ledger.refusal(become) == REFUSED


class TestWhatIsFixed:
    @pytest.mark.parametrize(
        "change",
        [
            "budgets_budget SET currency = 'USD'",
            "budgets_budget SET exponent = 0",
            "budgets_budget SET id = gen_random_uuid()",
            "budgets_budget SET tenant_id = tenant_id",
            "budgets_bucket SET budget_id = %(second)s",
            "budgets_bucket SET kind = 'money'",
            "budgets_bucket SET id = gen_random_uuid()",
            "budgets_bucket SET tenant_id = tenant_id",
        ],
    )
    def test_cannot_be_updated(self, ledger, change):
        assert ledger.refusal(f"UPDATE {change}") == REFUSED

    def test_cannot_be_upserted(self, ledger):
        move = "ON CONFLICT (tenant_id, id) DO UPDATE SET budget_id = excluded.budget_id"

        assert ledger.refusal(new_bucket(budget="second", more=move)) == REFUSED


class TestTheGuards:
    @pytest.mark.parametrize(
        "statement",
        [
            "ALTER TABLE budgets_entry DISABLE TRIGGER budgets_entry_chains",
            "ALTER TABLE budgets_movement DISABLE TRIGGER ALL",
            "ALTER TABLE budgets_entry DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE budgets_entry NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE budgets_entry DROP CONSTRAINT budgets_entry_signs",
            "ALTER TABLE budgets_entry OWNER TO app",
            "DROP TABLE budgets_entry",
            "DROP TRIGGER budgets_entry_chains ON budgets_entry",
            "DROP POLICY tenant_isolation ON budgets_entry",
            "ALTER POLICY tenant_isolation ON budgets_entry USING (true)",
            "CREATE POLICY mine ON budgets_entry USING (true)",
            "CREATE RULE mine AS ON INSERT TO budgets_entry DO INSTEAD NOTHING",
            "CREATE TRIGGER mine BEFORE INSERT ON budgets_entry"
            " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE OR REPLACE FUNCTION current_tenant() RETURNS uuid"
            " LANGUAGE sql AS 'SELECT NULL::uuid'",
            "DROP FUNCTION budgets_entry_chains()",
            "SELECT budgets_entry_chains()",
            "CREATE VIEW mine AS TABLE budgets_entry",
            "CREATE TABLE mine ()",
            "CREATE TEMPORARY TABLE mine ()",
            "CREATE SCHEMA mine",
            "CREATE EXTENSION file_fdw",
            "SET LOCAL session_replication_role = replica",
            "SET LOCAL ROLE owner",
            "SET LOCAL SESSION AUTHORIZATION owner",
            "ALTER ROLE app BYPASSRLS",
            "ALTER ROLE app SET app.tenant_id = '00000000-0000-0000-0000-000000000000'",
            "GRANT owner TO app",
            "GRANT inspector TO app WITH INHERIT TRUE",
            "UPDATE pg_trigger SET tgenabled = 'D'",
            "UPDATE pg_class SET relrowsecurity = false",
            "COPY budgets_entry TO PROGRAM 'cat'",
            "SELECT pg_read_file('postgresql.conf')",
            "SELECT lo_import('/etc/hostname')",
            "ALTER DATABASE sluice SET row_security = off",
        ],
    )
    def test_cannot_be_switched_off(self, ledger, statement):
        assert ledger.refusal(statement) == REFUSED

    def test_a_grant_by_one_who_may_not_grant_gives_nothing(self, ledger):
        grant = "GRANT UPDATE ON budgets_entry TO app"

        assert ledger.refusal(grant, "UPDATE budgets_entry SET amount = 1") == REFUSED

    @pytest.mark.parametrize("table", [model._meta.db_table for model in LEDGER])
    def test_row_security_turned_off_refuses_instead_of_showing_all(self, ledger, table):
        assert ledger.refusal("SET LOCAL row_security = off", f"TABLE {table}") == REFUSED


class TestABucketsRules:
    @pytest.mark.parametrize(
        "to",
        [
            "name = 'Other'",
            "priority = 77",
            "filter_flat = 1",
            "filter_flat = NULL, filter_share = 5",
            "hold_flat = 1",
            "hold_share = 1",
            "target = 900",
            "locked = true",
            "priority = NULL, archived_at = now()",
        ],
    )
    def test_cannot_change_without_a_version(self, ledger, to):
        bucket = "spare" if "archived" not in to else "empty"

        assert ledger.refusal(rules(to, version=1, bucket=bucket)) == AS_VERSIONED
        assert ledger.refusal(rules(to, bucket=bucket)) == AS_VERSIONED

    def test_change_with_a_version_that_was_written_first(self, changing):
        changing.run(version(2, bucket="rent", target="900"), rules("target = 900"))

        with acting_for(changing.tenant):
            assert Bucket.objects.get(pk=changing.ids["rent"]).target == 900

    def test_cannot_change_before_the_version_is_written(self, ledger):
        late = (rules("target = 900"), version(2, bucket="rent"))

        assert ledger.refusal(*late) == AS_VERSIONED

    def test_cannot_be_others_than_those_of_the_version(self, ledger):
        odd = (version(2, bucket="rent", target="900"), rules("target = 901"))

        assert ledger.refusal(*odd) == AS_VERSIONED

    def test_cannot_change_twice_by_one_version(self, ledger):
        once = (version(2, bucket="rent", target="900"), rules("target = 900"))

        assert ledger.refusal(*once, rules("target = 901")) == AS_VERSIONED

    def test_cannot_stay_when_a_version_is_written(self, ledger):
        assert ledger.refusal(version(2, bucket="rent", target="900")) == AS_VERSIONED

    def test_cannot_begin_without_a_version(self, ledger):
        assert ledger.refusal(new_bucket()) == AS_VERSIONED

    def test_cannot_begin_with_another_version(self, ledger):
        assert ledger.refusal(new_bucket(), version(target="5")) == AS_VERSIONED

    def test_cannot_go_back_to_an_older_version(self, changing):
        changing.run(version(2, bucket="rent", target="900"), rules("target = 900"))

        assert changing.refusal(rules("target = NULL", version=1)) == AS_VERSIONED

    def test_are_checked_when_the_tenant_is_cleared_before_commit(self, ledger):
        clear = "SET LOCAL app.tenant_id = ''"

        assert ledger.refusal(new_bucket(), clear) == AS_VERSIONED

    def test_cannot_change_by_what_every_django_developer_writes_first(self, ledger):
        with acting_for(ledger.tenant):
            rent = Bucket.objects.filter(pk=ledger.ids["rent"])
            with pytest.raises(CheckBroken, match="other rules than its newest") as caught:
                rent.update(filter_flat=None, filter_share=5)
        with acting_for(ledger.tenant):
            bucket = rent.get()
            bucket.target = 900
            with pytest.raises(CheckBroken, match="other rules than its newest"):
                bucket.save(update_fields=["target"])

        assert caught.value.constraint == "budgets_bucket_as_versioned"


class TestAVersion:
    def test_cannot_leave_a_number_out(self, ledger):
        third = version(3, bucket="rent", target="900")

        assert ledger.refusal(third, rules("target = 900", version=3)) == FOLLOWS

    @pytest.mark.parametrize("number", [0, -1])
    def test_cannot_count_from_below_one(self, ledger, number):
        first = (CheckBroken, "budgets_bucketversion_from_one")

        assert ledger.refusal(version(number, bucket="rent")) == first

    def test_cannot_have_a_number_twice(self, ledger):
        twice = version(1, bucket="rent")

        assert ledger.refusal(twice) == (UniqueBroken, "budgets_bucketversion_once")

    def test_cannot_begin_before_the_one_it_follows(self, changing):
        later = version(2, bucket="rent", begins=3, target="900")
        changing.run(later, rules("target = 900"))
        earlier = version(3, bucket="rent", begins=2, target="901")

        assert changing.refusal(earlier, rules("target = 901", version=3)) == FOLLOWS

    def test_cannot_be_of_another_budget_than_its_bucket(self, ledger):
        elsewhere = (version(2, bucket="rent", budget="second", target="900"),)

        assert ledger.refusal(*elsewhere, rules("target = 900")) == AS_VERSIONED
