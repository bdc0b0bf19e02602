"""Each way storage can fail, made to fail by PostgreSQL itself, and what becomes of it."""

import threading
import time
import uuid
from contextlib import contextmanager
from typing import ClassVar

import pytest
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)

from budgets.models import Budget
from tenants import errors
from tenants.context import acting_for, run_for
from tenants.errors import (
    CheckBroken,
    CodedError,
    Conflict,
    ConstraintBroken,
    DatabaseFailed,
    ForeignKeyBroken,
    NotNullBroken,
    PoolExhausted,
    QueryFailed,
    TenantViolation,
    TimedOut,
    Unavailable,
    UniqueBroken,
    ValueRefused,
)
from tenants.models import Membership, User
from tenants.postgres.base import DatabaseWrapper
from tenants.postgres.retry import delays, retried
from tests.factories import BudgetFactory, MembershipFactory, UserFactory
from tests.threads import in_thread


def run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@contextmanager
def fails(cls, django_class, sqlstate):
    """The block ends in that error, and the connection is usable afterwards."""
    with pytest.raises(django_class) as caught:
        yield caught
    assert type(caught.value) is cls
    assert caught.value.sqlstate == sqlstate
    assert isinstance(caught.value.__cause__, Exception)
    run("SELECT 1")


@contextmanager
def wrapper(**changes):
    """A connection of its own, made of the default one's settings and these."""
    defaults = {key: connection.settings_dict[key] for key in connection.settings_dict}
    own = DatabaseWrapper({**defaults, **changes}, f"own_{uuid.uuid4().hex}")
    try:
        yield own
    finally:
        own.close()
        own.close_pool()


def unpooled():
    return {
        key: value for key, value in connection.settings_dict["OPTIONS"].items() if key != "pool"
    }


class TestTimedOut:
    def test_a_statement_that_takes_too_long(self, tenant):
        with fails(TimedOut, OperationalError, "57014"), acting_for(tenant):
            run("SET LOCAL statement_timeout = '20ms'")
            run("SELECT pg_sleep(5)")

    def test_a_lock_that_takes_too_long(self, tenant):
        with acting_for(tenant):
            budget = BudgetFactory()

        def want():
            with fails(TimedOut, OperationalError, "55P03"), acting_for(tenant):
                run("SET LOCAL lock_timeout = '20ms'")
                budget.acquire()

        with acting_for(tenant):
            budget.acquire()
            in_thread(want)

    def test_a_lock_that_is_not_waited_for(self, tenant):
        with acting_for(tenant):
            budget = BudgetFactory()

        def want():
            with fails(TimedOut, OperationalError, "55P03"), acting_for(tenant):
                Budget.objects.select_for_update(nowait=True).get(pk=budget.pk)

        with acting_for(tenant):
            budget.acquire()
            in_thread(want)

    @pytest.mark.parametrize(
        ("limit", "sqlstate"),
        [
            ("idle_in_transaction_session_timeout", "25P03"),
            ("transaction_timeout", "25P04"),
        ],
    )
    def test_a_transaction_that_takes_too_long(self, committed, limit, sqlstate):
        with fails(TimedOut, OperationalError, sqlstate), transaction.atomic():
            run(f"SET LOCAL {limit} = '20ms'")
            time.sleep(0.2)
            run("SELECT 1")


class TestPoolExhausted:
    def test_no_connection_becomes_free_in_time(self, committed):
        pool = {"min_size": 0, "max_size": 1, "timeout": 0.05}

        with wrapper(OPTIONS={**unpooled(), "pool": pool}) as own:
            own.ensure_connection()
            other = DatabaseWrapper(own.settings_dict, own.alias)
            with fails(PoolExhausted, OperationalError, None):
                other.ensure_connection()

    def test_is_a_kind_of_timeout_that_is_not_retried(self):
        assert issubclass(PoolExhausted, TimedOut)
        assert not PoolExhausted.retryable


class TestUnavailable:
    def test_there_is_no_server(self, committed, tmp_path):
        with (
            wrapper(HOST=str(tmp_path), OPTIONS=unpooled()) as own,
            fails(Unavailable, OperationalError, None),
        ):
            own.ensure_connection()

    def test_the_server_ends_the_connection(self, committed):
        with wrapper(OPTIONS=unpooled()) as own, own.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()
            run("SELECT pg_terminate_backend(%s, 5000)", pid)
            with fails(Unavailable, OperationalError, "57P01"):
                cursor.execute("SELECT 1")

    @pytest.mark.parametrize("sqlstate", ["08006", "53300", "57P03"])
    def test_postgresql_says_so(self, committed, sqlstate):
        with fails(Unavailable, OperationalError, sqlstate):
            run(f"DO $$ BEGIN RAISE 'no' USING ERRCODE = '{sqlstate}'; END $$")

    def test_a_lost_connection_is_replaced_when_the_block_has_ended(self, tenant):
        with pytest.raises(Unavailable), acting_for(tenant):
            run("SELECT pg_terminate_backend(pg_backend_pid())")

        with acting_for(tenant):
            assert Budget.objects.count() == 0


class TestConflict:
    def test_two_wait_for_each_other(self, tenant):
        with acting_for(tenant):
            first, second = BudgetFactory(), BudgetFactory()
        both = threading.Barrier(2, timeout=10)
        outcomes = []

        def cross(mine, theirs):
            try:
                with acting_for(tenant):
                    mine.acquire()
                    both.wait()
                    theirs.acquire()
            except DatabaseFailed as error:
                outcomes.append((type(error), error.sqlstate))
            run("SELECT 1")

        crossing = [
            threading.Thread(target=in_thread, args=(cross, *pair))
            for pair in [(first, second), (second, first)]
        ]
        for thread in crossing:
            thread.start()
        for thread in crossing:
            thread.join()

        assert outcomes == [(Conflict, "40P01")]

    def test_a_row_changed_since_the_snapshot(self, committed):
        user = UserFactory()
        rename = User.objects.filter(pk=user.pk).update

        with fails(Conflict, OperationalError, "40001"), transaction.atomic():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            user.refresh_from_db()
            in_thread(lambda: rename(first_name="theirs"))
            rename(first_name="ours")

        assert User.objects.get(pk=user.pk).first_name == "theirs"


class TestConstraintBroken:
    def test_unique(self, tenant):
        with acting_for(tenant):
            user = MembershipFactory().user

        with fails(UniqueBroken, IntegrityError, "23505") as caught, acting_for(tenant):
            MembershipFactory(user=user)

        assert caught.value.constraint == "tenants_membership_user_once"
        assert caught.value.fields == ("user",)

    def test_foreign_key(self, tenant):
        with fails(ForeignKeyBroken, IntegrityError, "23503") as caught, acting_for(tenant):
            Budget(name="x", currency="EUR", exponent=2, owner_id=uuid.uuid4()).save()

        assert caught.value.constraint == "budgets_budget_owner_same_tenant"
        assert caught.value.fields == ("owner",)

    def test_check(self, tenant):
        with fails(CheckBroken, IntegrityError, "23514") as caught, acting_for(tenant):
            MembershipFactory(role="king")

        assert caught.value.constraint == "tenants_membership_role"
        assert caught.value.fields == ("role",)

    def test_not_null(self, tenant):
        with fails(NotNullBroken, IntegrityError, "23502") as caught, acting_for(tenant):
            Membership.objects.create(user=UserFactory(), **{"role": None})

        assert caught.value.constraint == "tenants_membership_role_not_null"
        assert caught.value.fields == ("role",)

    def test_one_that_is_found_only_at_commit(self, tenant):
        with acting_for(tenant):
            money = BudgetFactory().buckets.money()

        with fails(CheckBroken, IntegrityError, "23514") as caught, acting_for(tenant):
            money.balance = 1
            money.save(update_fields=["balance"])

        assert caught.value.constraint == "budgets_bucket_is_its_last_entry"
        assert caught.value.fields == ()

    def test_get_or_create_still_finds_the_row_that_was_first(self, tenant):
        with acting_for(tenant):
            first = MembershipFactory()

            found, made = Membership.objects.get_or_create(
                user=first.user, defaults={"role": "viewer"}
            )

        assert (found, made) == (first, False)


class TestValueRefused:
    def test_a_number_out_of_range(self, tenant):
        with fails(ValueRefused, DataError, "22003"), acting_for(tenant):
            run("SELECT 9223372036854775807 + 1")

    def test_a_text_that_is_too_long(self, tenant):
        with fails(ValueRefused, DataError, "22001"), acting_for(tenant):
            MembershipFactory(role="x" * 11)

    def test_a_text_that_is_no_uuid(self, committed):
        with fails(ValueRefused, DataError, "22P02"):
            run("SELECT 'x'::uuid")

    def test_a_nul_byte(self, tenant):
        with fails(ValueRefused, DataError, None), acting_for(tenant):
            BudgetFactory(name="a\0b")


class TestTenantViolation:
    def test_a_row_of_another_tenant(self, tenant, other):
        with fails(TenantViolation, ProgrammingError, "42501"), acting_for(tenant):
            Membership.objects.create(tenant=other, user=UserFactory(), role="owner")

    def test_a_privilege_the_role_does_not_have(self, committed):
        with fails(TenantViolation, ProgrammingError, "42501"):
            run("TRUNCATE tenants_user")


class TestQueryFailed:
    def test_no_sql(self, committed):
        with fails(QueryFailed, ProgrammingError, "42601"):
            run("SELEC 1")

    def test_no_such_table(self, committed):
        with fails(QueryFailed, ProgrammingError, "42P01"):
            run("TABLE nowhere")


class TestTheTree:
    leaves: ClassVar = [
        cls
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, CodedError)
    ]

    def test_every_error_has_a_code_of_its_own(self):
        assert len({leaf.code for leaf in self.leaves}) == len(self.leaves)

    def test_a_retry_helps_against_conflicts_and_lost_connections_alone(self):
        assert {leaf for leaf in self.leaves if leaf.retryable} == {Conflict, Unavailable}

    def test_every_failure_of_the_database_is_also_djangos(self):
        failures = [leaf for leaf in self.leaves if issubclass(leaf, DatabaseFailed)]

        assert len(failures) == 14
        assert all(issubclass(failure, DatabaseError) for failure in failures)

    def test_an_error_speaks_for_itself(self):
        assert str(Conflict()) == Conflict.__doc__

    def test_a_message_quotes_no_row(self, tenant):
        with acting_for(tenant):
            user = MembershipFactory().user

        with pytest.raises(ConstraintBroken) as caught, acting_for(tenant):
            MembershipFactory(user=user)

        assert str(user.pk) not in str(caught.value)


class TestRetry:
    def conflict(self):
        run("DO $$ BEGIN RAISE 'again' USING ERRCODE = 'serialization_failure'; END $$")

    def test_run_for_does_the_work_again_after_a_conflict(self, tenant):
        tries = []

        def work():
            tries.append(connection.in_atomic_block)
            MembershipFactory()
            if len(tries) < 3:
                self.conflict()

        run_for(tenant, work)

        with acting_for(tenant):
            assert (len(tries), Membership.objects.count()) == (3, 1)

    def test_run_for_does_the_work_again_after_a_lost_connection(self, tenant):
        tries = []

        def work():
            tries.append(1)
            if len(tries) == 1:
                run("SELECT pg_terminate_backend(pg_backend_pid())")
            MembershipFactory()

        run_for(tenant, work)

        with acting_for(tenant):
            assert (len(tries), Membership.objects.count()) == (2, 1)

    def test_run_for_gives_up_after_the_schedule(self, tenant):
        tries = []

        def work():
            tries.append(1)
            self.conflict()

        with pytest.raises(Conflict):
            run_for(tenant, work)

        assert len(tries) == 1 + len(list(delays()))

    def test_run_for_does_not_repeat_what_would_fail_again(self, tenant):
        tries = []

        def work():
            tries.append(1)
            MembershipFactory(role="king")

        with pytest.raises(ConstraintBroken):
            run_for(tenant, work)

        assert len(tries) == 1

    def test_the_pauses_are_the_schedules(self, committed):
        slept: list[float] = []

        with pytest.raises(Conflict):
            retried(
                self.conflict, using="default", waits=lambda: iter([1, 2, 4]), sleep=slept.append
            )

        assert slept == [1, 2, 4]

    def test_inside_a_transaction_the_work_is_done_once(self, committed):
        slept: list[float] = []

        with pytest.raises(Conflict), transaction.atomic():
            retried(self.conflict, using="default", sleep=slept.append)

        assert slept == []

    def test_a_pause_is_jittered_over_the_whole_of_a_doubling_cap(self):
        caps = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]

        tries = [list(delays(attempts=9)) for _ in range(200)]

        assert {len(pauses) for pauses in tries} == {len(caps)}
        for cap, pauses in zip(caps, zip(*tries, strict=True), strict=True):
            # Of 200 numbers from one range all miss one end of it once in 10**18 runs.
            assert 0 <= min(pauses) < cap / 5
            assert cap * 4 / 5 < max(pauses) <= cap
            assert len(set(pauses)) > 100
