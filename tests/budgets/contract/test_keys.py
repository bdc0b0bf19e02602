"""One key space and one spelling of a request for every verb, over the managers and in memory."""

from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any, Unpack

import pytest

from budgets.errors import BadOption, Refused, UnknownKeyword
from budgets.managers.bulk import Deposit
from budgets.managers.requests import RequestOptions
from budgets.testing import MemoryLedger
from tests.budgets.contract import test_moving, test_rules
from tests.budgets.contract.sides import Scene

JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)
IN_PARIS = JUNE.astimezone(timezone(timedelta(hours=2)))


def many(scene: Scene, **told: Unpack[RequestOptions]) -> Any:
    return scene.side.movements.deposit_many([Deposit(scene.kept["Home"].pk, 5, told)])


VERBS: dict[str, Any] = {
    **{name: verb for name, (verb, *_) in test_moving.DONE.items()},
    **test_rules.VERBS,
    "deposit_many": many,
}
every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
BAD_KEYS: tuple[Any, ...] = ("", 5, b"k", True, "x" * 201, "\udcff", ["k"])
UNKNOWN = {
    "idempotency_key": "(did you mean 'key'?)",
    "efective_at": "(did you mean 'effective_at'?)",
    "expected": "(did you mean 'expect'?)",
    "force": "(it accepts ",
}


def rows(answer: Any) -> list[Any]:
    return answer if isinstance(answer, list) else [answer]


def repeated(scene: Scene, verb: Any, **told: Any) -> list[bool]:
    """Whether the rows of the answer say that it is a repeat."""
    return [row.repeated for row in rows(scene.do(partial(verb, scene, **told)))]


@pytest.fixture
def later(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call it, and it is a second later; buckets are found as they were kept."""

    def wait() -> None:
        second = datetime.now(UTC) + timedelta(seconds=1)
        monkeypatch.setattr("django.utils.timezone.now", lambda: second)
        if isinstance(scene.side, MemoryLedger):
            scene.side._store.clock = lambda: second
        scene.bucket = lambda name: scene.kept[name]  # type: ignore[method-assign]

    return wait


class TestARepeat:
    @every_verb
    def test_a_second_later_is_known_and_says_so(self, scene, later, verb):
        asked = repeated(scene, verb, key="k")
        before = scene.picture()
        later()
        bare: dict[str, Any] = {
            "memo": "",
            "metadata": {},
            "source": "",
            "effective_at": None,
            "expect": 0,
        }

        again = repeated(scene, verb, key="k", **bare)

        assert not any(asked)
        assert again
        assert all(again)
        assert scene.picture() == before

    @every_verb
    def test_in_another_time_zone_is_known(self, scene, later, verb):
        repeated(scene, verb, key="k", effective_at=JUNE)
        later()

        assert all(repeated(scene, verb, key="k", effective_at=IN_PARIS))

    def test_of_one_deposit_of_many_says_so_of_that_one_alone(self, scene):
        home = scene.kept["Home"].pk
        earlier = scene.do(lambda: test_moving.ask(scene, "deposit", amount=5, key="a"))
        told: list[Any] = [{"key": "a"}, {"key": "b"}, {"key": "b"}, {}]

        answers = scene.do(
            lambda: scene.side.movements.deposit_many([Deposit(home, 5, each) for each in told])
        )

        assert [row.repeated for row in answers] == [True, False, True, False]
        assert answers[0] == earlier
        assert answers[1] == answers[2]
        assert scene.do(lambda: scene.home.last_movement_seq) == 5

    def test_is_of_a_name_with_or_without_spaces_around_it(self, scene):
        scene.do(lambda: test_rules.create(scene, " New ", key="k"))

        assert scene.do(lambda: test_rules.create(scene, "New", key="k")).repeated

    def test_is_forgotten_of_a_row_that_is_changed_next(self, scene):
        lock, unlock = test_rules.VERBS["lock"], scene.side.buckets.unlock
        scene.do(partial(lock, scene, key="k"))
        row = scene.do(partial(lock, scene, key="k"))

        changed = scene.do(lambda: unlock(row))

        assert not changed.repeated


@every_verb
def test_a_key_is_text_of_1_to_200_characters(scene, subtests, verb):
    for key in BAD_KEYS:
        with subtests.test(key=key):
            refuses(scene, verb, BadOption, key=key)
    assert repeated(scene, verb, key="é" * 200)


def refuses(scene: Scene, verb: Any, error: type[Refused], **told: Any) -> Refused:
    before = scene.picture()
    with pytest.raises(error) as raised:
        scene.do(partial(verb, scene, **told))
    assert raised.value.figures["field"] == next(iter(told))
    assert scene.picture() == before
    return raised.value


@every_verb
def test_a_keyword_that_a_verb_does_not_have_is_refused_by_name(scene, subtests, verb):
    for name, hint in UNKNOWN.items():
        with subtests.test(name):
            refusal = refuses(scene, verb, UnknownKeyword, **{name: 1})

            assert refusal.code == "unknown_keyword"
            assert refusal.figures["unknown"] == [name]
            assert f"{name!r} {hint}" in str(refusal)


def test_all_keywords_that_a_verb_does_not_have_are_named(scene):
    said: dict[str, Any] = {"target_minor": 5, "prority": 1}

    with pytest.raises(UnknownKeyword, match="target_minor") as raised:
        scene.do(lambda: test_rules.create(scene, **said))

    assert raised.value.figures["unknown"] == ["prority", "target_minor"]
    assert "'prority' (did you mean 'priority'?)" in str(raised.value)
    assert "'target_minor' (did you mean 'target'?)" in str(raised.value)


def test_a_verb_without_particulars_refuses_them_too(scene):
    with pytest.raises(UnknownKeyword, match="curency"):
        scene.do(lambda: scene.side.budgets.create_budget("Third", curency="EUR"))
