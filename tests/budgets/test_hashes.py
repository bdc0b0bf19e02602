"""The chain of hashes over the movements of a budget, and the heads that are kept elsewhere."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from budgets.cascade import Claim
from budgets.errors import BadQuestion
from budgets.jobs import audit
from budgets.managers.hashes import ChainHead
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for
from tenants.models import Tenant
from tenants.postgres.base import as_owner
from tests.command_line import manage
from tests.factories import BucketFactory, BudgetFactory, UserFactory

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def household(tenant: Tenant) -> Budget:
    """A budget with five movements of four kinds, and words that JSON has to escape."""
    with acting_for(tenant, actor=UserFactory(), request_id="r-1"):
        budget = BudgetFactory()
        rent = BucketFactory(budget=budget, filter=Claim(flat=100), target=150)
        fun = BucketFactory(budget=budget, filter=Claim(share=500_000))
        metadata: dict[str, Any] = {"b": [1.5, None, True], "aa": {"ü": "x\ty"}, "a": 'q"\\'}
        Movement.objects.deposit(
            budget, 1_000, key="pay", memo="Löhne\n“June” \u2028 \x7f", metadata=metadata
        )
        Movement.objects.withdraw(rent, 20, effective_at=datetime(2025, 2, 3, 4, 5, 6, 7, UTC))
        Movement.objects.transfer(fun, rent, 5, memo="a", source="s")
        Movement.objects.reverse_movement(Movement.objects.deposit(budget, 7))
    return budget


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def as_jsonb(value: Any) -> Any:
    """The same with the keys of objects as PostgreSQL orders them: by length, then by bytes."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return {key: as_jsonb(value[key]) for key in keys}
    return [as_jsonb(each) for each in value] if isinstance(value, list) else value


def body(movement: Movement) -> bytes:
    """What `budgets.managers.hashes` says is hashed, made from the rows alone."""
    entries = list(movement.entries.order_by("position"))
    columns = [
        [str(each.bucket_id) for each in entries],
        [each.seq for each in entries],
        [each.amount for each in entries],
        [each.balance_after for each in entries],
        [each.reason for each in entries],
        [each.became_full for each in entries],
    ]
    m = movement
    values = [
        str(m.budget_id), m.seq, str(m.pk), m.kind, m.amount, m.net_amount, micros(m.effective_at),
        micros(m.recorded_at), m.actor_id and str(m.actor_id), m.request_id, m.memo, m.metadata,
        m.key, m.request_hash, m.source, m.reverses_id and str(m.reverses_id), columns,
    ]  # fmt: skip
    return json.dumps(as_jsonb(values), ensure_ascii=False).encode()


def rewrite(*statements: str, **values: Any) -> None:
    """Execute SQL as owner."""
    with as_owner() as owner, owner.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)


def found(tenant: Tenant) -> set[tuple[str, str]]:
    return {(each.invariant, each.subject) for each in audit.breaks_of(tenant)}


def test_a_hash_is_computed_from_the_rows_as_documented(household, tenant):
    with acting_for(tenant):
        before = b""
        for movement in household.movements.order_by("seq"):
            assert movement.hash == hashlib.sha256(before + body(movement)).digest()
            before = movement.hash
        household.refresh_from_db()

        assert household.head == before
    assert found(tenant) == set()


@pytest.mark.parametrize(
    "change",
    [
        "memo = 'other'",
        "key = 'other'",
        "key = NULL",
        "metadata = '{}'",
        "actor_id = NULL",
        "request_id = ''",
        "source = 'x'",
        "effective_at = effective_at - interval '1 microsecond'",
        "request_hash = 'x'",
        "hash = sha256('x')",
    ],
)
def test_a_movement_that_owner_rewrites_is_named(household, tenant, change):
    rewrite(
        f"UPDATE budgets_movement SET {change} WHERE budget_id = %(pk)s AND seq = 1",
        pk=household.pk,
    )

    named = {subject for code, subject in found(tenant) if code == "I15"}
    with acting_for(tenant):
        first, second = household.movements.order_by("seq")[:2]
    subjects = {f"movement {first.pk}"}
    if change.startswith("hash"):  # the next one follows another hash, too
        subjects.add(f"movement {second.pk}")
    assert named == subjects


def test_an_entry_that_owner_rewrites_is_named(household, tenant):
    rewrite(
        "UPDATE budgets_entry SET reason = 'hold_floor' WHERE movement_seq = 5 AND position = 1"
        " AND tenant_id = %(pk)s",
        pk=tenant.pk,
    )

    with acting_for(tenant):
        last = household.movements.get(seq=5)
    assert ("I15", f"movement {last.pk}") in found(tenant)


def test_a_budget_with_another_head_is_named(household, tenant):
    rewrite("UPDATE budgets_budget SET head = sha256('x') WHERE id = %(pk)s", pk=household.pk)

    assert found(tenant) == {("I15", f"budget {household.pk}")}


class TestHeads:
    def heads(self, tmp_path: Any, tenant: Tenant) -> str:
        ran = manage("audit", "--head", "--tenant", tenant.slug)
        path = tmp_path / "heads.txt"
        path.write_text(ran.out)
        return str(path)

    def test_are_printed_for_each_budget_with_movements(self, household, tenant):
        with acting_for(tenant):
            BudgetFactory()
            household.refresh_from_db()

        ran = manage("audit", "--head", "--tenant", tenant.slug)

        assert ran.code == 0
        assert ran.out == f"{household.pk}:5:{household.head.hex()} {tenant.slug}\n"
        as_json = manage("audit", "--head", "--json", "--tenant", tenant.slug).json
        assert as_json == [{"tenant": tenant.slug, "head": ran.out.split()[0]}]

    def test_hold_after_more_movements(self, household, tenant, tmp_path):
        kept = self.heads(tmp_path, tenant)
        with acting_for(tenant):
            Movement.objects.deposit(household, 5)

        ran = manage("audit", "--tenant", tenant.slug, "--since", kept)

        assert (ran.code, "every invariant holds: I1-I15" in ran.out) == (0, True)

    def test_show_a_history_that_was_rewritten_with_all_its_hashes(
        self, household, tenant, tmp_path
    ):
        kept = self.heads(tmp_path, tenant)
        before = b""
        with acting_for(tenant):
            movements = list(household.movements.order_by("seq"))
            for movement in movements:
                movement.memo = "forged"
                before = hashlib.sha256(before + body(movement)).digest()
                rewrite(
                    "UPDATE budgets_movement SET memo = 'forged', hash = %(hash)s"
                    " WHERE id = %(pk)s",
                    hash=before,
                    pk=movement.pk,
                )
        rewrite(
            "UPDATE budgets_budget SET head = %(hash)s WHERE id = %(pk)s",
            hash=before,
            pk=household.pk,
        )
        assert found(tenant) == set()

        ran = manage("audit", "--tenant", tenant.slug, "--since", kept)

        assert ran.code == 1
        assert f"I15 {tenant.slug}: movement 5 of budget {household.pk}" in ran.out

    def test_of_a_budget_that_is_gone_are_a_break(self, household, tenant):
        lost = str(ChainHead(uuid4(), 1, bytes(32)))

        ran = manage("audit", "--tenant", tenant.slug, "--since", lost)

        assert (ran.code, "is not there" in ran.out) == (1, True)

    @pytest.mark.parametrize("text", ["", "x", "1:2:3", f"{uuid4()}:-1:{'0' * 64}", "no/such/file"])
    def test_that_are_none_are_refused_with_what_to_do(self, household, tenant, text):
        ran = manage("audit", "--tenant", tenant.slug, "--since", text)

        assert ran.code == 2
        assert "bad_question" in ran.err
        with pytest.raises(BadQuestion):
            ChainHead.parse(text)


def test_buckets_are_not_needed_to_read_a_head(household, tenant):
    with acting_for(tenant):
        [head] = Budget.objects.heads()

        assert Budget.objects.holds(head) is True
        assert Budget.objects.holds(head._replace(seq=99)) is None
        assert Budget.objects.holds(head._replace(hash=bytes(32))) is False
        assert Bucket.objects.count() == 3
