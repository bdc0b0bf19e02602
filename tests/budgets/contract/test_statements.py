"""Imports of statements over the managers and in memory: the same deposits and statuses."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from budgets.errors import (
    BadChoice,
    BudgetArchived,
    KeyReused,
    StatementUndone,
    UndoRefused,
    UnknownStatement,
)
from budgets.managers.matching import NO_CHOICES, Choices, batches
from budgets.statements import StatementFile, read, survey
from tests.budgets.contract.sides import Scene
from tests.budgets.desk import incoming, table

MAY = incoming(a="10 pay", b="-3 rent", c="20 gift")


@pytest.fixture
def file(tmp_path: Path) -> Any:
    """Write a statement and read it."""

    def written(content: str, name: str = "") -> StatementFile:
        path = tmp_path / (name or f"{len(list(tmp_path.iterdir()))}.txt")
        path.write_text(content)
        return read(path)

    return written


def home(scene: Scene, name: str = "Home") -> Any:
    return scene.do(lambda: scene.side.budgets.get_by_name(name))


def load(
    scene: Scene,
    file: StatementFile,
    choices: Choices = NO_CHOICES,
    *,
    budget: str = "Home",
    most: int = 100,
) -> dict[int, tuple[str, str]]:
    """Import a file, as `jobs.imports` does: each line's status and its reason."""
    statements, found = scene.side.statements, home(scene, budget)
    surveyed = survey(file.lines(found.exponent))
    statement = scene.do(partial(statements.begin, found, file, surveyed, choices))
    answers = {}
    for batch in batches(surveyed.lines(), most):
        work = partial(statements.import_batch, statement, batch, surveyed, hold=choices.hold)
        for each in scene.do(work):
            answers[each.line.number] = (str(each.status), each.why)
    scene.do(partial(statements.finish, statement))
    return answers


def statuses(answers: dict[int, tuple[str, str]]) -> list[str]:
    return [status for status, _ in answers.values()]


def standing(scene: Scene, file: StatementFile) -> Any:
    return scene.do(lambda: scene.side.statements.get_by_name(scene.home, file.sha256[:8]))


def undo(scene: Scene, statement: Any, **values: Any) -> Any:
    return scene.do(partial(scene.side.statements.undo, statement, **values))


def total(scene: Scene) -> int:
    return sum(scene.balances("Rent", "Trip", "Fun", "Spare", "Money"))


class TestAnImport:
    def test_deposits_each_incoming_line_once(self, scene: Scene, file: Any) -> None:
        may, before = file(MAY, "may.ofx"), total(scene)

        assert statuses(load(scene, may)) == ["new", "skipped", "new"]
        assert statuses(load(scene, may)) == ["duplicate", "skipped", "duplicate"]

        assert total(scene) == before + 30_00
        found = standing(scene, may)
        assert (found.name, found.format, found.state) == ("may.ofx", "ofx", "imported")
        assert (found.total, found.outgoing) == (3, 1)

    def test_records_where_a_deposit_is_from(self, scene: Scene, file: Any) -> None:
        load(scene, file(MAY))

        movement = scene.do(
            lambda: scene.side.entries.page({"budget": scene.home.pk}, limit=1).rows[0].movement
        )

        assert (movement.kind, movement.amount, movement.memo) == ("deposit", 20_00, "gift")
        assert movement.metadata == {"account": "7", "bank_id": "c"}
        assert movement.source.endswith(" line 3")

    def test_in_several_batches_comes_to_the_same(self, scene: Scene, file: Any) -> None:
        assert statuses(load(scene, file(MAY), most=1)) == ["new", "skipped", "new"]

    def test_of_an_overlapping_file_deposits_the_rest(self, scene: Scene, file: Any) -> None:
        load(scene, file(MAY, "may.ofx"))

        june = load(scene, file(incoming(c="20 gift", d="30 more")))

        assert june == {1: ("duplicate", "came in as line 3 of may.ofx"), 2: ("new", "")}

    def test_holds_a_line_that_may_be_a_duplicate(self, scene: Scene, file: Any) -> None:
        load(scene, file(MAY, "may.ofx"))
        later = file(incoming(no="10 PAY, edited"))

        assert load(scene, later) == {1: ("held", "like line 1 of may.ofx: pay")}
        assert statuses(load(scene, later, Choices(include=frozenset({1})))) == ["new"]

    def test_holds_nothing_when_nothing_is_to_be_held(self, scene: Scene, file: Any) -> None:
        load(scene, file(MAY))

        answers = load(scene, file(incoming(no="10 PAY, edited")), Choices(hold=False))

        assert statuses(answers) == ["new"]

    def test_remembers_what_was_skipped(self, scene: Scene, file: Any) -> None:
        load(scene, file(MAY, "may.ofx"), Choices(skip=frozenset({1})))

        answers = load(scene, file(incoming(a="10 pay")))

        assert answers == {1: ("skipped", "left out by choice as line 1 of may.ofx")}

    def test_tells_equal_lines_apart(self, scene: Scene, file: Any) -> None:
        day = "2026-05-01 5 coffee"

        assert statuses(load(scene, file(table(day, day)))) == ["new", "new"]
        assert statuses(load(scene, file(table(day, day, day)))) == ["duplicate"] * 2 + ["new"]

    def test_finds_duplicates_of_other_budgets(self, scene: Scene, file: Any) -> None:
        load(scene, file(MAY, "may.ofx"))

        answers = load(scene, file(MAY), budget="Away")

        assert answers[1] == ("duplicate", "came in as line 1 of may.ofx in Home")

    def test_refuses_a_choice_about_no_incoming_line(self, scene: Scene, file: Any) -> None:
        with pytest.raises(BadChoice):
            load(scene, file(MAY), Choices(skip=frozenset({2})))

    def test_needs_a_budget_in_use(self, scene: Scene, file: Any) -> None:
        may, found = file(MAY), scene.do(lambda: scene.side.budgets.archive(scene.home))
        begin = scene.side.statements.begin

        with pytest.raises(BudgetArchived):
            scene.do(lambda: begin(found, may, survey(may.lines(2)), NO_CHOICES))


class TestAReview:
    def test_writes_nothing_and_says_what_an_import_would(self, scene: Scene, file: Any) -> None:
        may, before = file(MAY), scene.picture()

        seen = scene.do(lambda: list(scene.side.statements.review(scene.home, may)))

        assert [(each.line.number, str(each.status)) for each in seen] == [(1, "new"), (3, "new")]
        assert scene.picture() == before
        with pytest.raises(UnknownStatement):
            standing(scene, may)


class TestAnUndo:
    def test_reverses_the_deposits_newest_first(self, scene: Scene, file: Any) -> None:
        may, before = file(MAY), total(scene)
        load(scene, may)

        reversals = undo(scene, standing(scene, may))

        assert [reversal.net_amount for reversal in reversals] == [-20_00, -10_00]
        assert total(scene) == before
        with pytest.raises(UnknownStatement):
            standing(scene, may)

    def test_is_made_once_under_its_key(self, scene: Scene, file: Any) -> None:
        may = file(MAY)
        load(scene, may)
        statement = standing(scene, may)

        first, second = (undo(scene, statement, key="undo") for _ in range(2))

        assert [row.pk for row in second] == [row.pk for row in first]
        assert [row.repeated for row in (*first, *second)] == [False, False, True, True]
        with pytest.raises(KeyReused):
            scene.do(lambda: scene.side.movements.deposit(scene.home, 5, key="undo"))

    def test_is_refused_the_second_time(self, scene: Scene, file: Any) -> None:
        may = file(MAY)
        load(scene, may)
        statement = standing(scene, may)
        undo(scene, statement)

        with pytest.raises(UndoRefused) as raised:
            undo(scene, statement)
        assert raised.value.figures == {"why": "undone"}

    def test_lets_the_file_be_imported_again(self, scene: Scene, file: Any) -> None:
        may, before = file(MAY), total(scene)
        for _ in range(2):
            assert statuses(load(scene, may)) == ["new", "skipped", "new"]
            undo(scene, standing(scene, may))

        assert statuses(load(scene, may)) == ["new", "skipped", "new"]
        assert total(scene) == before + 30_00

    def test_is_refused_whole_when_the_money_of_a_line_has_gone(
        self, scene: Scene, file: Any
    ) -> None:
        may = file(MAY)
        load(scene, may)
        rent = scene.do(lambda: scene.bucket("Rent"))
        scene.do(lambda: scene.side.movements.withdraw(rent, rent.balance))
        statement, before = standing(scene, may), scene.picture()

        with pytest.raises(UndoRefused) as raised:
            undo(scene, statement)

        assert [(row["line"], row["why"]) for row in raised.value.figures["lines"]] == [
            (1, "not_enough_money"),
            (3, "not_enough_money"),
        ]
        assert scene.picture() == before

    def test_leaves_alone_what_was_reversed_by_hand(self, scene: Scene, file: Any) -> None:
        may = file(MAY)
        load(scene, may)
        newest = scene.do(
            lambda: scene.side.entries.page({"budget": scene.home.pk}, limit=1).rows[0].movement
        )
        scene.do(lambda: scene.side.movements.reverse_movement(newest))

        assert [row.net_amount for row in undo(scene, standing(scene, may))] == [-10_00]

    def test_stops_an_import_that_goes_on(self, scene: Scene, file: Any) -> None:
        may = file(MAY)
        load(scene, may)
        statement, surveyed = standing(scene, may), survey(may.lines(2))
        undo(scene, statement)
        batch = list(surveyed.lines())

        with pytest.raises(StatementUndone):
            scene.do(
                lambda: scene.side.statements.import_batch(statement, batch, surveyed, hold=True)
            )
