"""Random histories, step for step on both sides; and that a side which differs is found out."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from budgets.cascade import WHOLE, Claim, cascade
from budgets.managers import dispositions, keys, requests, writer
from budgets.managers.dispositions import Disposition, Overflow
from budgets.testing import MemoryLedger, rows, store
from budgets.testing import writer as memory
from tests.budgets.contract.sides import Database
from tests.budgets.contract.steps import Disagreement, Step, recorded, require_agreement
from tests.factories import TenantFactory

SMALL, LARGE = st.integers(1, 500), st.integers(1, 3_000)
SUMS = st.one_of(
    SMALL, SMALL, LARGE, LARGE, LARGE, st.sampled_from([-1, 0, 10**12, 2**62, 2**63 - 1, 2**63])
)
CLAIMS = st.builds(lambda flat: Claim(flat=flat), st.integers(0, 3_000)) | st.builds(
    lambda share: Claim(share=share), st.integers(1, WHOLE)
)
NAMES = st.sampled_from(
    ["Rent", "Fun", "Trip", "Car", "Pot", " Straße ", "House", "Food", "rENT", "", "x" * 256]
)
ROW = st.sampled_from([0, 0, 1, 1, 2, 2, 0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9])
ONE = st.integers(0, 1)
OVERFLOWS = st.sampled_from(list(Overflow))
REQUEST_OPTIONS: dict[str, Any] = {
    "key": st.sampled_from([None, None, None, "a", "b", "c"] * 4 + ["x" * 201]),
    "expect": st.sampled_from([None, None, None, None, 0] * 4 + [-1]),
    "memo": st.sampled_from(["", "Lohn"] * 8 + ["x" * 501]),
    "metadata": st.sampled_from([{}, {"a": [1, None]}]),
}


def step(verb: str, **told: Any) -> Any:
    """A step of a verb with those arguments, and some of the options."""
    return st.tuples(st.just(verb), st.fixed_dictionaries(told, optional=REQUEST_OPTIONS))


def bare(verb: str, **told: Any) -> Any:
    return st.tuples(st.just(verb), st.fixed_dictionaries(told))


MANY = st.lists(
    st.tuples(
        ONE,
        SUMS,
        st.fixed_dictionaries(
            {}, optional={name: REQUEST_OPTIONS[name] for name in ("key", "memo")}
        ),
    ),
    max_size=4,
)
STEPS = st.lists(
    st.one_of(
        step(
            "create_bucket",
            budget=ONE,
            name=NAMES,
            filter=CLAIMS,
            hold=st.none() | CLAIMS,
            target=st.none() | st.integers(-1, 5_000),
            priority=st.sampled_from([None, None, None, -1, 0, 3, 7, 2**31]),
            locked=st.booleans(),
        ),
        step("deposit", budget=ONE, amount=SUMS),
        step("deposit", budget=ONE, amount=SUMS),
        bare("preview", budget=ONE, amount=SUMS),
        bare("preview_into", bucket=ROW, amount=SUMS, overflow=OVERFLOWS),
        bare("previewed_deposit", budget=ONE, amount=SUMS, between=st.none() | st.just(5)),
        bare("deposit_many", deposits=MANY, each_on_its_own=st.booleans()),
        step("deposit_into", bucket=ROW, amount=SUMS, overflow=OVERFLOWS),
        step("withdraw", bucket=ROW, amount=SUMS),
        step("transfer", bucket=ROW, to_bucket=ROW, amount=SUMS, overflow=OVERFLOWS),
        step("redistribute", budget=ONE, amount=SUMS),
        step("redistribute_to", bucket=ROW, amount=SUMS),
        step("release_excess", bucket=ROW),
        step("lock", bucket=ROW),
        step("unlock", bucket=ROW),
        step("rename", bucket=ROW, name=NAMES),
        step("set_rules", bucket=ROW, filter=CLAIMS, hold=st.none() | CLAIMS),
        step("set_target", bucket=ROW, target=st.none() | st.integers(-1, 5_000)),
        bare("reorder", budget=ONE, sort=st.lists(ROW, min_size=1), drop=st.booleans()),
        step(
            "close",
            bucket=ROW,
            to=st.sampled_from(list(Disposition)),
            into=st.none() | ROW,
        ),
        step("reverse_movement", movement=ROW),
    ),
    min_size=15,
    max_size=30,
)


@settings(
    max_examples=25,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink takes minutes
)
@given(steps=STEPS)
def test_of_any_history_the_same_comes_on_both_sides(committed, steps):
    require_agreement(
        steps, recorded(Database(TenantFactory()), steps), recorded(MemoryLedger(), steps)
    )


SCRIPT: list[Step] = [
    ("deposit", {"budget": 0, "amount": 1_000, "key": "a"}),
    ("deposit", {"budget": 0, "amount": 1_000, "key": "a"}),
    ("deposit", {"budget": 0, "amount": 1_001, "key": "a"}),
    ("lock", {"bucket": 1}),
    ("deposit", {"budget": 0, "amount": 500}),
    ("rename", {"bucket": 1, "name": "pot"}),
    ("withdraw", {"bucket": 3, "amount": 10, "expect": -1}),
    ("withdraw", {"bucket": 3, "amount": 10}),
    ("set_target", {"bucket": 0, "target": 200}),
    ("transfer", {"bucket": 3, "to_bucket": 0, "amount": 100}),
    ("reverse_movement", {"movement": 3}),
    ("reverse_movement", {"movement": 3}),
    ("deposit_many", {"deposits": [(1, 5, {}), (0, 0, {})], "each_on_its_own": False}),
    ("unlock", {"bucket": 1}),
    ("close", {"bucket": 1, "to": Disposition.CASCADE}),
    ("reverse_movement", {"movement": 0}),
    ("previewed_deposit", {"budget": 0, "amount": 5, "between": 5}),
]


@pytest.fixture(scope="module")
def truth(django_db_setup, django_db_blocker) -> list[Any]:
    """What comes of the script with the managers."""
    with django_db_blocker.unblock():
        return recorded(Database(TenantFactory()), SCRIPT)


def test_of_the_script_the_same_comes_on_both_sides(truth):
    require_agreement(SCRIPT, truth, recorded(MemoryLedger(), SCRIPT))


@dataclass(frozen=True)
class RoundingUp(Claim):
    def of(self, arriving: int) -> int:
        return min(self.flat, arriving) if self.flat else -(-arriving * self.share // WHOLE)


def rounding_up(amount: int, slots: Any) -> Any:
    return cascade(
        amount,
        [replace(slot, filter=RoundingUp(slot.filter.flat, slot.filter.share)) for slot in slots],
    )


def unlocked(bucket: Any) -> Any:
    return replace(SLOT(bucket), locked=False)


def filling_itself(buckets: Any, amount: int, without: Any = None) -> Any:
    return CASCADED(buckets, amount)


def reversing_twice(movement: Any, entries: Any, *, is_reversed: bool) -> Any:
    return MIRROR(movement, entries, is_reversed=False)


def whatever_was_asked(used: Any, budget: Any, key: Any, request: str) -> Any:
    return next(iter(used._used.get((budget, key), {}).values()), None)


SLOT, CASCADED, MIRROR = rows.Bucket.slot, dispositions.cascaded, dispositions.mirror
MISTAKES: dict[str, tuple[Any, str, Any]] = {
    "a share is rounded up": (dispositions, "cascade", rounding_up),
    "a key is ignored": (memory.MemoryWriter, "keys", lambda *_: keys.Keys()),
    "a key is all that is compared": (keys.Keys, "answer", whatever_was_asked),
    "an expected version is ignored": (requests, "require_expected", lambda *_: None),
    "a lock is ignored": (rows.Bucket, "slot", unlocked),
    "a movement is reversed twice": (dispositions, "mirror", reversing_twice),
    "a bucket has two lines": (writer, "net", lambda lines: [x for x in lines if x.amount]),
    "a refusal leaves half of it": (store.Store, "all_or_nothing", lambda _: nullcontext()),
    "two buckets have one name": (memory, "_require_unique", lambda *_: None),
    "a closing bucket fills itself": (dispositions, "cascaded", filling_itself),
}


@pytest.mark.parametrize(("where", "what", "mistake"), MISTAKES.values(), ids=MISTAKES)
def test_a_side_with_a_mistake_is_found_out(truth, monkeypatch, where, what, mistake):
    monkeypatch.setattr(where, what, mistake)

    with pytest.raises(Disagreement):
        require_agreement(SCRIPT, truth, recorded(MemoryLedger(), SCRIPT))
