"""Imports of statements over the managers and in memory: the same deposits and statuses."""

from dataclasses import replace
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
from tests.budgets.balanced import balanced, balanced_format
from tests.budgets.contract.sides import Scene
from tests.budgets.desk import incoming, table

__all__ = ["balanced_format"]  # a fixture

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
    surveyed = survey(file, found.exponent, found.currency)
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
            scene.do(lambda: begin(found, may, survey(may, 2), NO_CHOICES))


def only(*lines: int, **values: Any) -> Choices:
    """The choice to include these lines."""
    return Choices(include=frozenset(lines), **values)


def reread(file: StatementFile, otherwise: StatementFile) -> StatementFile:
    """The file as it is read with other options: like the other file."""
    return replace(otherwise, sha256=file.sha256)


class TestABankId:
    def test_with_another_amount_is_another_booking(self, scene: Scene, file: Any) -> None:
        repeated = incoming(a="10 pay", b="20 gift", c="-3 fee").replace("D>b", "D>a")
        repeated = repeated.replace("D>c", "D>a")

        assert statuses(load(scene, file(repeated))) == ["new", "new", "skipped"]
        assert statuses(load(scene, file(repeated + "\n"))) == ["duplicate", "duplicate", "skipped"]

    @pytest.mark.parametrize("placeholder", ["0", "000", "-", "NONREF", "notprovided", "n/a"])
    def test_that_is_only_a_placeholder_is_not_an_id(
        self, scene: Scene, file: Any, placeholder: str
    ) -> None:
        content = incoming(a="5 x", b="5 y", c="5 y")
        for name in "abc":
            content = content.replace(f"<FITID>{name}", f"<FITID>{placeholder}")

        assert statuses(load(scene, file(content))) == ["new"] * 3
        assert statuses(load(scene, file(content + "\n"))) == ["duplicate"] * 3

    def test_repeated_with_the_same_text_is_a_duplicate(self, scene: Scene, file: Any) -> None:
        twice = file(incoming(a="5 x", b="5 x").replace("D>b", "D>a"))

        assert load(scene, twice) == {1: ("new", ""), 2: ("duplicate", "repeats line 1")}

    def test_repeated_with_another_text_is_held(self, scene: Scene, file: Any) -> None:
        twice = file(incoming(a="5 x", b="5 y").replace("D>b", "D>a"))

        answers = load(scene, twice)

        assert answers[2] == ("held", "repeats line 1, or is another booking")
        assert statuses(load(scene, twice, Choices(hold=False))) == ["duplicate", "new"]

    def test_of_other_bookings_too_does_not_make_a_repetition_sure(
        self, scene: Scene, file: Any
    ) -> None:
        content = incoming(a="5 x", b="5 x", c="7 z").replace("D>b", "D>a").replace("D>c", "D>a")

        assert statuses(load(scene, file(content))) == ["new", "held", "new"]


class TestIncluding:
    def test_a_duplicate_imports_it_once_more_and_only_once(self, scene: Scene, file: Any) -> None:
        load(scene, file(MAY, "may.ofx"))
        june, before = file(incoming(c="20 gift"), "june.ofx"), total(scene)

        answers = [load(scene, june, choices) for choices in (only(1), only(1), NO_CHOICES)]

        assert answers[0] == {1: ("new", "")}
        assert answers[1] == answers[2] == {1: ("duplicate", "came in as line 1 of june.ofx")}
        assert total(scene) == before + 20_00

    def test_a_duplicate_that_was_stored_as_one(self, scene: Scene, file: Any) -> None:
        load(scene, file(MAY))
        june, before = file(incoming(c="20 gift")), total(scene)
        load(scene, june)

        assert statuses(load(scene, june, only(1))) == ["new"]
        assert statuses(load(scene, june, only(1))) == ["duplicate"]
        assert total(scene) == before + 20_00

    def test_a_line_that_came_in_from_this_file_changes_nothing(
        self, scene: Scene, file: Any
    ) -> None:
        may = file(MAY)
        load(scene, may, only(1))

        assert statuses(load(scene, may, only(1, 3))) == ["duplicate", "skipped", "duplicate"]

    def test_a_repetition_within_the_file(self, scene: Scene, file: Any) -> None:
        content = incoming(a="5 x", b="5 x").replace("D>b", "D>a")
        before = total(scene)

        assert statuses(load(scene, file(content), only(2))) == ["new", "new"]
        assert statuses(load(scene, file(content), only(2))) == ["duplicate", "duplicate"]
        assert statuses(load(scene, file(content + "\n"))) == ["duplicate", "duplicate"]
        assert total(scene) == before + 10_00

    def test_a_third_copy_and_again_after_an_undo(self, scene: Scene, file: Any) -> None:
        load(scene, file(MAY))
        copies = [file(incoming(c="20 gift") + "\n" * n) for n in (1, 2)]
        before = total(scene)
        for copy in copies:
            assert statuses(load(scene, copy, only(1))) == ["new"]

        undo(scene, standing(scene, copies[0]))
        assert statuses(load(scene, copies[0])) == ["duplicate"]
        assert statuses(load(scene, copies[0], only(1))) == ["new"]

        assert total(scene) == before + 40_00

    def test_a_duplicate_of_another_budget(self, scene: Scene, file: Any) -> None:
        load(scene, file(MAY, "may.ofx"))

        answers = [load(scene, file(MAY), only(3), budget="Away") for _ in range(2)]

        assert [statuses(each)[2] for each in answers] == ["new", "duplicate"]


@pytest.mark.usefixtures("balanced_format")
class TestBalances:
    RIGHT = balanced("1 1000 11000 pay", "2 -300 10700 rent", "3 2000 12700 gift", "4 1 12701 x")
    WRONG = RIGHT.replace(" 2000 ", " -2000 ").replace(" -300 ", " 300 ")

    def test_that_fit_let_all_in_and_show_what_they_do_not_check(
        self, scene: Scene, file: Any
    ) -> None:
        answers = load(scene, file(self.RIGHT))

        edge = "at the edge of the file's balances: not fully checked"
        assert statuses(answers) == ["new", "skipped", "new", "new"]
        assert [why for _, why in answers.values()] == [edge, "brings nothing in", "", edge]

    def test_that_do_not_fit_hold_every_line_with_the_reason(self, scene: Scene, file: Any) -> None:
        wrong, before = file(self.WRONG), total(scene)

        answers = load(scene, wrong)

        assert statuses(answers) == ["held", "held", "skipped", "held"]
        assert (
            "line 2: the lines lead to a balance of 113.00, the file says 107.00" in (answers[1][1])
        )
        assert total(scene) == before
        found = standing(scene, wrong)
        assert (found.trusted, found.misfit[:7]) == (False, "line 2:")

    def test_that_do_not_fit_can_be_overruled_once_and_for_all(
        self, scene: Scene, file: Any
    ) -> None:
        wrong, before = file(self.WRONG), total(scene)
        load(scene, wrong)

        first = load(scene, wrong, Choices(trust=True))
        second = load(scene, wrong)

        assert statuses(first) == ["new", "new", "skipped", "new"]
        assert statuses(second) == ["duplicate", "duplicate", "skipped", "duplicate"]
        assert total(scene) == before + 13_01
        assert standing(scene, wrong).trusted

    def test_that_do_not_fit_leave_the_file_to_be_read_otherwise(
        self, scene: Scene, file: Any
    ) -> None:
        wrong, before = file(self.RIGHT.replace(" 2000 ", " 2001 ")), total(scene)
        assert statuses(load(scene, wrong)) == ["held", "skipped", "held", "held"]

        right = reread(wrong, file(self.RIGHT))

        assert statuses(load(scene, right)) == ["new", "skipped", "new", "new"]
        assert total(scene) == before + 30_01
        found = standing(scene, right)
        assert (found.misfit, found.trusted, found.outgoing) == ("", False, 1)

    def test_a_line_that_was_read_with_another_amount_is_held(
        self, scene: Scene, file: Any
    ) -> None:
        right, before = file(self.RIGHT), total(scene)
        load(scene, right)
        otherwise = file(self.RIGHT.replace(" 2000 12700", " 2001 12701"))

        answers = load(scene, reread(right, otherwise), Choices(include=frozenset({3}), trust=True))

        assert statuses(answers) == ["duplicate", "skipped", "held", "duplicate"]
        assert answers[3][1].startswith("was read with another day or amount before: undo")
        assert total(scene) == before + 30_01

    def test_that_do_not_fit_leave_single_lines_to_choice(self, scene: Scene, file: Any) -> None:
        wrong = file(self.WRONG)

        answers = load(scene, wrong, Choices(skip=frozenset({2}), include=frozenset({1})))

        assert statuses(answers) == ["new", "skipped", "skipped", "held"]

    def test_that_fit_are_not_recorded_as_overruled(self, scene: Scene, file: Any) -> None:
        right = file(self.RIGHT)
        load(scene, right, Choices(trust=True))

        found = standing(scene, right)
        assert (found.trusted, found.misfit) == (False, "")

    def test_before_and_after_the_lines_are_checked(self, scene: Scene, file: Any) -> None:
        rows = ("1 1000 - pay", "2 -300 - rent")

        right = file(balanced(*rows, opening=5, closing=705))
        wrong = file(balanced(*rows, opening=5, closing=706))

        assert statuses(load(scene, right)) == ["new", "skipped"]
        assert statuses(load(scene, wrong, budget="Away")) == ["duplicate", "skipped"]
        assert "closing" not in standing(scene, right).balances[0]["account"]
        assert standing(scene, right).balances[0]["closing"] == 705


@pytest.mark.usefixtures("balanced_format")
class TestAClosingBalanceAlone:
    MAY = balanced("3 1000 - pay", closing=6000, days="2026-05-01 2026-05-10")

    def warnings(self, scene: Scene, later: StatementFile) -> list[str]:
        statements, found = scene.side.statements, home(scene)
        surveyed = survey(later, 2, "EUR")
        return list(scene.do(lambda: statements.balance_warnings(found, later, surveyed)))

    @pytest.mark.parametrize(
        ("closing", "days", "gap"),
        [
            (6500, "2026-05-11 2026-05-20", False),
            (6501, "2026-05-11 2026-05-20", True),
            (6501, "2026-05-05 2026-05-20", True),
            (6501, "2026-05-12 2026-05-20", False),
            (6501, "- 2026-05-20", False),
            (6501, "2026-05-01 2026-05-10", False),
        ],
        ids=["it follows", "it does not", "they overlap", "a gap", "no period", "the same period"],
    )  # fmt: skip
    def test_is_compared_with_that_of_the_import_before(
        self, scene: Scene, file: Any, closing: int, days: str, gap: bool
    ) -> None:
        load(scene, file(self.MAY))
        later = file(balanced("10 1 - early", "15 500 - late", closing=closing, days=days))

        found = self.warnings(scene, later)

        assert bool(found) == gap
        if gap:
            assert found == [
                "account 7: the closing balance of 2026-05-20 should be 65.00 after that of "
                "2026-05-10 and the lines since, and is 65.01"
            ]
        assert statuses(load(scene, later)) == ["new", "new"]

    def test_is_not_compared_with_an_undone_import(self, scene: Scene, file: Any) -> None:
        may = file(self.MAY)
        load(scene, may)
        undo(scene, standing(scene, may))

        assert not self.warnings(
            scene, file(balanced("15 5 - x", closing=1, days="2026-05-11 2026-05-20"))
        )


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
        statement, surveyed = standing(scene, may), survey(may, 2)
        undo(scene, statement)
        batch = list(surveyed.lines())

        with pytest.raises(StatementUndone):
            scene.do(
                lambda: scene.side.statements.import_batch(statement, batch, surveyed, hold=True)
            )
