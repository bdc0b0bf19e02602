"""The verbs that change rules, over the managers and in memory."""

from functools import partial
from itertools import product
from typing import Any

import pytest

from budgets.cascade import Claim
from budgets.errors import (
    BadOption,
    BadRule,
    BucketClosed,
    KeyReused,
    NotAPermutation,
    NothingToMove,
    StalePlan,
    UnknownBucket,
    UnknownBudget,
    UnknownCurrency,
    WrongBudget,
)
from budgets.managers.dispositions import Disposition
from tenants.errors import ValueRefused
from tests.budgets.contract.sides import Scene
from tests.times import UNWRITABLE

MONEY, CASCADE, BUCKET, OUT = Disposition
FLAT, SHARE = Claim(flat=5_00), Claim(share=250_000)


def create(scene: Scene, name: str = "New", **told: Any) -> Any:
    told = {"filter": FLAT} | told
    return scene.side.buckets.create_bucket(scene.home, name, **told)


def asking(verb: str, name: str, *given: Any, **told: Any) -> Any:
    return lambda scene, **more: getattr(scene.side.buckets, verb)(
        scene.bucket(name), *given, **told, **more
    )


def reorder(scene: Scene, *names: str, **told: Any) -> Any:
    rows = [scene.bucket(name) for name in names]
    return scene.side.buckets.reorder(scene.home, rows, **told)


def close(scene: Scene, name: str, to: Any, into: str | None = None, **told: Any) -> Any:
    target = scene.bucket(into) if into else None
    return scene.side.buckets.close(scene.bucket(name), to, into=target, **told)


VERBS = {
    "create_bucket": create,
    "lock": asking("lock", "Rent"),
    "unlock": asking("unlock", "Rent"),
    "set_rules": asking("set_rules", "Rent", filter=SHARE, hold=FLAT),
    "set_target": asking("set_target", "Rent", None),
    "rename": asking("rename", "Rent", "House"),
    "reorder": lambda scene, **told: reorder(scene, "Spare", "Fun", "Trip", "Rent", **told),
    "close": partial(close, name="Fun", to=CASCADE),
    "close an empty one": partial(close, name="Spare", to=OUT),
}
UNRECORDABLE: tuple[tuple[str, Any], ...] = (
    ("memo", "x" * 501),
    ("key", "x" * 201),
    ("metadata", ["a"]),
    ("metadata", {"a": float("nan")}),
    ("metadata", {("a",): 1}),
    *(("effective_at", time) for time in UNWRITABLE),
)
every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)


class TestFound:
    def test_a_budget_with_its_money_bucket(self, scene):
        made = scene.do(lambda: scene.side.budgets.create_budget(" Third ", "chf"))

        money = scene.do(lambda: made.buckets.money())
        assert (made.name, made.currency, made.exponent, made.version) == ("Third", "CHF", 2, 1)
        assert (money.name, money.kind, money.priority, money.state) == (
            "Money",
            "money",
            None,
            "active",
        )

    def test_in_the_tenants_currency_when_none_is_named(self, scene, in_yen):
        made = scene.do(lambda: scene.side.budgets.create_budget("Third"))

        assert (made.currency, made.exponent) == ("JPY", 0)

    def test_not_without_a_currency_where_the_tenant_has_none(self, scene):
        made = partial(scene.side.budgets.create_budget, "Third")

        scene.refuses(made, UnknownCurrency, "unknown_currency")

    def test_find_it_by_name_or_id(self, scene):
        home = scene.kept["Home"]

        for name in ("Home", "hOME", str(home.pk)):
            assert scene.do(lambda name=name: scene.side.budgets.get_by_name(name)) == home
        assert scene.do(lambda: scene.side.buckets.get_by_name(home, "rENT")) == scene.kept["Rent"]

    def test_not_twice_under_one_name_nor_in_no_currency(self, scene):
        budgets = scene.side.budgets
        for name, currency, error, figures in (
            ("hOME", "EUR", BadRule, {"name": "hOME"}),
            (" ", "EUR", BadRule, {"name": ""}),
            ("Third", "ABC", UnknownCurrency, {}),
        ):
            made = partial(budgets.create_budget, name, currency)
            scene.refuses(made, error, error.code, **figures)

    def test_nothing_that_is_not_there(self, scene):
        far, gone = scene.side.budgets, scene.side.buckets
        scene.refuses(lambda: far.get_by_name("X"), UnknownBudget, "unknown_budget", name="X")
        for name in ("Far", "Gone"):
            found = partial(gone.get_by_name, scene.kept["Home"], name)
            scene.refuses(found, UnknownBucket, "unknown_bucket", name=name)

    def test_a_bucket_is_found_by_its_id_too_while_it_is_open(self, scene):
        called, home = scene.side.buckets.get_by_name, scene.kept["Home"]

        assert scene.do(lambda: called(home, str(scene.kept["Rent"].pk))) == scene.kept["Rent"]
        for bucket in ("Far", "Gone"):
            name = str(scene.kept[bucket].pk)
            scene.refuses(partial(called, home, name), UnknownBucket, "unknown_bucket", name=name)


class TestABudgetRenamed:
    def test_is_a_version_of_it_unless_it_is_called_so_already(self, scene):
        budgets, before = scene.side.budgets, scene.do(lambda: scene.home.version)

        for name in (" Abode ", "Abode"):
            row = scene.do(lambda name=name: budgets.rename(scene.kept["Home"], name))
            assert (row.name, row.version) == ("Abode", before + 1)

        assert scene.do(lambda: budgets.get_by_name("abode")) == scene.kept["Home"]

    @pytest.mark.parametrize(
        ("name", "said"), [("aWAY", "aWAY"), (" ", ""), ("x" * 256, "x" * 256)]
    )
    def test_takes_no_name_that_is_taken_or_none(self, scene, name, said):
        rename = partial(scene.side.budgets.rename, scene.kept["Home"], name)

        scene.refuses(rename, BadRule, "bad_rule", name=said)

    def test_may_change_the_case_of_its_name(self, scene):
        row = scene.do(lambda: scene.side.budgets.rename(scene.kept["Home"], "HOME"))

        assert row.name == "HOME"


class TestChanged:
    def test_a_new_bucket_comes_last(self, scene):
        row = scene.do(lambda: create(scene, " New ", hold=SHARE, target=7, locked=True))

        assert (row.name, row.priority, row.filter, row.hold) == ("New", 4, FLAT, SHARE)
        assert (row.target, row.locked, row.balance, row.version) == (7, True, 0, 1)
        assert (row.state, row.space, row.last_entry_seq) == ("locked", 7, 0)

    def test_each_change_is_a_version_of_the_bucket_and_of_the_budget(self, scene):
        before = scene.do(lambda: scene.home.version)

        for name in ("lock", "set_rules", "set_target", "rename"):
            scene.do(partial(VERBS[name], scene))

        row = scene.do(lambda: scene.bucket("House"))
        assert (row.locked, row.filter, row.hold, row.target) == (True, SHARE, FLAT, None)
        assert row.version == 5
        assert scene.do(lambda: scene.home.version) == before + 4

    def test_no_change_is_none(self, scene):
        before = scene.picture()

        scene.do(lambda: VERBS["unlock"](scene))
        scene.do(lambda: reorder(scene, "Rent", "Trip", "Fun", "Spare"))

        assert scene.picture() == before

    def test_a_locked_bucket_gets_nothing_from_a_cascade(self, scene):
        scene.do(lambda: VERBS["lock"](scene))

        movement = scene.do(lambda: scene.side.movements.deposit(scene.home, 1_00))

        assert [line[0] for line in scene.lines(movement)] == ["Fun", "Money"]

    def test_an_order_is_the_order_of_the_next_cascade(self, scene):
        ordered = scene.do(lambda: VERBS["reorder"](scene))

        movement = scene.do(lambda: scene.side.movements.deposit(scene.home, 4_00))
        assert [row.name for row in ordered] == ["Spare", "Fun", "Trip", "Rent"]
        assert scene.lines(movement) == [("Fun", 2_00, "filter"), ("Rent", 2_00, "filter")]


class TestEveryVerb:
    @every_verb
    def test_a_repeat_changes_nothing_and_gives_the_first_answer(self, scene, verb):
        first = scene.do(partial(verb, scene, key="k"))
        before = scene.picture()
        scene.bucket = lambda name: scene.kept[name]  # some are closed or renamed by now

        again = scene.do(partial(verb, scene, key="k", expect=0))

        assert again == first
        assert scene.picture() == before

    def test_a_key_used_for_another_request_is_refused(self, scene, subtests):
        scene.do(lambda: scene.side.movements.deposit(scene.home, 5, key="money"))
        scene.do(lambda: scene.side.buckets.lock(scene.bucket("Trip"), key="rule"))

        for (name, verb), key in product(VERBS.items(), ("money", "rule")):
            with subtests.test(name, key=key):
                scene.refuses(partial(verb, scene, key=key), KeyReused, "key_reused", key=key)

    def test_a_budget_that_has_changed_since_is_refused(self, scene, subtests):
        now = scene.do(lambda: scene.home.version)

        for name, verb in VERBS.items():
            with subtests.test(name):
                scene.refuses(
                    partial(verb, scene, expect=now - 1),
                    StalePlan,
                    "stale_plan",
                    expected=now - 1,
                    version=now,
                )
                scene.refuses(
                    partial(verb, scene, expect="0" * 64),
                    BadOption,
                    "bad_particulars",
                    field="expect",
                )
        scene.do(partial(verb, scene, expect=now))

    def test_what_cannot_be_recorded_is_refused(self, scene, subtests):
        for (name, verb), (field, value) in product(VERBS.items(), UNRECORDABLE):
            with subtests.test(name, field=field):
                asked = partial(verb, scene, **{"key": "k"} | {field: value})
                scene.refuses(asked, BadOption, "bad_particulars", field=field)


CLOSED = {
    MONEY: ("close", 0, [("Fun", -300_00, "source"), ("Money", 300_00, "direct")]),
    CASCADE: (
        "close_cascade",
        0,
        [
            ("Fun", -300_00, "source"),
            ("Rent", 200_00, "capacity_limit"),
            ("Money", 100_00, "remainder"),
        ],
    ),
    BUCKET: ("close", 0, [("Fun", -300_00, "source"), ("Rent", 300_00, "direct")]),
    OUT: ("close", -300_00, [("Fun", -300_00, "withdrawn")]),
}


def told(row):
    return row.movement.kind, row.bucket.name, row.amount, row.reason


class TestClose:
    @pytest.mark.parametrize("to", CLOSED)
    def test_moves_the_money_where_it_is_said(self, scene, to):
        into = "Rent" if to == BUCKET else None
        row = scene.do(lambda: close(scene, "Fun", to, into))

        kind, net_amount, lines = CLOSED[to]
        home = {"budget": scene.kept["Home"].pk, "seq": 3, "sort": "oldest"}
        rows = scene.do(lambda: [told(row) for row in scene.side.entries.page(home).rows])
        assert rows == [(kind, *line) for line in lines]
        home = scene.do(lambda: scene.home)
        assert home.deposited - home.withdrawn == 1005_00 + net_amount
        assert (row.state, row.balance, row.priority) == ("closed", 0, None)
        assert row.archived_at is not None

    def test_frees_the_name_and_keeps_the_others_places(self, scene):
        scene.do(lambda: close(scene, "Trip", MONEY))
        scene.do(lambda: create(scene, "Trip"))

        rows = scene.do(lambda: list(scene.home.buckets.envelopes()))
        assert [(row.name, row.priority) for row in rows] == [
            ("Rent", 0), ("Fun", 2), ("Spare", 3), ("Trip", 4),
        ]  # fmt: skip

    def test_of_an_empty_bucket_moves_nothing(self, scene):
        scene.do(lambda: close(scene, "Spare", CASCADE))

        assert scene.do(lambda: scene.home.last_movement_seq) == 2


REFUSED: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "a name that is taken": (partial(create, name="rENT"), BadRule, {}),
    "no name": (partial(create, name=" "), BadRule, {"name": ""}),
    "a priority that is taken": (partial(create, priority=0), BadRule, {}),
    "a priority below zero": (partial(create, priority=-1), BadRule, {}),
    "a target below zero": (partial(create, target=-1), BadRule, {}),
    "another's name": (asking("rename", "Rent", "fUN"), BadRule, {}),
    "no target": (asking("set_target", "Rent", 1.5), BadRule, {}),
    "rules of the money bucket": (asking("lock", "Money"), BadRule, {"bucket": "Money"}),
    "rules of a closed bucket": (
        asking("set_target", "Gone", 5), BucketClosed, {"bucket": "Gone"}),
    "an order with one missing": (
        lambda scene: reorder(scene, "Rent", "Trip", "Fun"),
        NotAPermutation, {"given": 3, "envelopes": 4}),
    "an order with one twice": (
        lambda scene: reorder(scene, "Rent", "Trip", "Fun", "Fun"),
        NotAPermutation, {"given": 4, "envelopes": 4}),
    "an order with another budget's": (
        lambda scene: reorder(scene, "Rent", "Trip", "Fun", "Far"),
        NotAPermutation, {"given": 4, "envelopes": 4}),
    "closing the money bucket": (
        partial(close, name="Money", to=OUT), BadRule, {"bucket": "Money"}),
    "closing twice": (partial(close, name="Gone", to=OUT), BucketClosed, {"bucket": "Gone"}),
    "closing into no bucket": (partial(close, name="Fun", to=BUCKET), BadRule, {"to": BUCKET}),
    "closing into a bucket and out": (
        partial(close, name="Fun", to=OUT, into="Rent"), BadRule, {"to": OUT}),
    "closing to nowhere": (partial(close, name="Fun", to="mars"), BadRule, {"to": "mars"}),
    "closing into itself": (
        partial(close, name="Fun", to=BUCKET, into="Fun"), NothingToMove, {"bucket": "Fun"}),
    "closing into another budget": (
        partial(close, name="Fun", to=BUCKET, into="Far"), WrongBudget, {}),
    "closing into a closed one": (
        partial(close, name="Fun", to=BUCKET, into="Gone"), BucketClosed, {"bucket": "Gone"}),
}  # fmt: skip


class TestRefused:
    def test_with_a_code_and_figures_and_nothing_written(self, scene, subtests):
        for name, (verb, error, figures) in REFUSED.items():
            with subtests.test(name):
                scene.refuses(partial(verb, scene), error, error.code, **figures)

    def test_numbers_no_column_holds(self, scene):
        for told in ({"filter": Claim(flat=2**63)}, {"priority": 2**31}):
            before = scene.picture()
            with pytest.raises(ValueRefused):
                scene.do(partial(create, scene, **told))
            assert scene.picture() == before
