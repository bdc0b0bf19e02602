"""Undoing a whole import: every deposit reversed, or none; and then it can come in again."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from budgets.errors import KeyReused, StatementUndone, UndoRefused, UnknownStatement
from budgets.jobs import imports
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Entry, Movement, Statement
from budgets.statements import read
from tenants.context import acting_for
from tests.budgets.desk import Desk, incoming

MAY = incoming(a="100 pay", b="50 gift", no="7 found", out="-3 out")


@pytest.fixture
def desk(tenant, tmp_path):
    desk = Desk(tenant, tmp_path)
    yield desk
    assert desk.is_sound()


@pytest.fixture
def may(desk):
    """A file that has been imported."""
    path = desk.file(MAY, "may.ofx")
    desk.import_file(path)
    return path


class TestUndo:
    def test_reverses_every_deposit_newest_first(self, desk, may):
        reversals = desk.undo()

        assert [movement.kind for movement in reversals] == ["reversal"] * 3
        assert [-movement.net_amount for movement in reversals] == [7_00, 50_00, 100_00]
        assert desk.holds() == {"Rent": 0, "Money": 0}
        assert desk.statement().state == "undone"

    def test_does_what_reversing_one_by_one_does(self, desk, may):
        one_by_one = desk.beside()
        one_by_one.import_file(desk.file(MAY.replace("<ACCTID>7", "<ACCTID>8")))
        with acting_for(desk.tenant):
            for movement in one_by_one.budget.movements.order_by("-seq"):
                Movement.objects.reverse_movement(movement)

        desk.undo()

        assert _ledger(desk) == _ledger(one_by_one)

    def test_leaves_alone_what_was_reversed_by_hand(self, desk, may):
        by_hand = desk.movements()[1]
        with acting_for(desk.tenant):
            Movement.objects.reverse_movement(by_hand, memo="by hand")

        reversals = desk.undo()

        assert [-movement.net_amount for movement in reversals] == [7_00, 100_00]
        assert desk.holds() == {"Rent": 0, "Money": 0}

    def test_takes_back_what_an_interrupted_import_brought(self, desk, monkeypatch):
        monkeypatch.setattr(imports, "BATCH", 1)
        path = desk.file(MAY)
        next(_running(desk, path))

        assert len(desk.undo()) == 1
        assert desk.import_file(path) == {1: "new", 2: "new", 3: "new"}

    def test_asks_postgresql_no_more_often_for_many_lines_than_for_few(self, desk):
        asked = []
        for count in (3, 60):
            desk.import_file(desk.file(incoming(**{f"id{count}_{n}": "1 x" for n in range(count)})))
            statement = desk.statement()
            with acting_for(desk.tenant), CaptureQueriesContext(connection) as captured:
                assert len(Statement.objects.undo(statement)) == count
            asked.append(len(captured))

        assert asked[0] == asked[1]

    def test_of_nothing_but_duplicates_moves_nothing(self, desk, may):
        desk.import_file(desk.file(MAY + "\n"))

        assert desk.undo() == []
        assert desk.holds() == {"Rent": 100_00, "Money": 57_00}


class TestAfterwards:
    def test_the_file_can_be_imported_and_undone_again(self, desk, may):
        for _ in range(2):
            desk.undo()
            assert desk.import_file(may, dry_run=True) == {1: "new", 2: "new", 3: "new"}
            assert desk.import_file(may) == {1: "new", 2: "new", 3: "new"}
            assert desk.import_file(may) == {1: "duplicate", 2: "duplicate", 3: "duplicate"}

        keys = [movement.key for movement in desk.movements() if movement.memo == "pay"]
        identity = "id:2025-01-31:10000:1:1:7:a"
        assert keys == [f"statement{again}:{identity}" for again in ("", "#2", "#3")]
        assert desk.holds() == {"Rent": 100_00, "Money": 57_00}

    def test_a_file_that_overlaps_brings_the_lines_it_has(self, desk, may):
        later = desk.file(incoming(b="50 gift", c="1 new"))
        desk.import_file(later)
        statement = desk.do(lambda: Statement.objects.get(name="may.ofx"))
        desk.do(lambda: Statement.objects.undo(statement))

        assert desk.import_file(later) == {1: "new", 2: "duplicate"}
        assert desk.import_file(may) == {1: "new", 2: "duplicate", 3: "new"}

    def test_another_budget_may_have_the_lines(self, desk, may):
        desk.undo()
        beside = desk.beside()

        assert beside.import_file(may) == {1: "new", 2: "new", 3: "new"}
        assert desk.import_file(may) == {1: "duplicate", 2: "duplicate", 3: "duplicate"}
        beside.undo()
        assert desk.import_file(may) == {1: "new", 2: "new", 3: "new"}

    def test_what_was_decided_about_its_lines_is_forgotten(self, desk):
        path = desk.file(MAY)
        desk.import_file(path, skip={1})
        desk.undo()

        assert desk.import_file(path) == {1: "new", 2: "new", 3: "new"}

    def test_a_line_that_was_held_for_it_is_new(self, desk, may):
        edited = desk.file(incoming(no="7 FOUND"))
        assert desk.import_file(edited) == {1: "held"}
        statement = desk.do(lambda: Statement.objects.get(name="may.ofx"))
        desk.do(lambda: Statement.objects.undo(statement))

        assert desk.import_file(edited) == {1: "new"}


class TestRefusal:
    def test_when_money_has_gone_nothing_is_undone_and_the_lines_are_named(self, desk, may):
        money = desk.bucket("Money")
        desk.do(lambda: Movement.objects.withdraw(money, 10_00))
        before = desk.everything()

        with pytest.raises(UndoRefused) as refused:
            desk.undo()

        assert str(refused.value) == (
            "nothing was undone, for some lines cannot be: line 2: Money no longer has the money"
        )
        assert refused.value.figures == {
            "lines": [
                {
                    "line": 2, "said": "Money no longer has the money", "why": "not_enough_money",
                    "bucket": "Money", "asked": 50_00, "available": 40_00,
                }
            ]
        }  # fmt: skip
        assert desk.everything() == before

    def test_when_a_bucket_is_closed_nothing_is_undone(self, desk, may):
        rent = desk.bucket("Rent")
        desk.do(lambda: Bucket.objects.close(rent, to=Disposition.MONEY))
        before = desk.everything()

        with pytest.raises(UndoRefused, match=r"cannot be: line 1: Rent is closed$"):
            desk.undo()

        assert desk.everything() == before

    def test_names_the_first_few_of_many_lines(self, desk):
        desk.import_file(desk.file(incoming(**{f"id{n}": f"{n} x" for n in range(1, 9)})))
        rent = desk.bucket("Rent")
        desk.do(lambda: Bucket.objects.close(rent, to=Disposition.OUT))

        with pytest.raises(UndoRefused, match="line 5: Rent is closed; and 3 more") as refused:
            desk.undo()

        assert len(refused.value.figures["lines"]) == 8

    def test_leaves_the_callers_transaction_as_it_was(self, desk, may):
        with acting_for(desk.tenant):
            statement = Statement.objects.get()
            Movement.objects.withdraw(desk.budget.buckets.money(), 10_00)
            with pytest.raises(UndoRefused):
                Statement.objects.undo(statement)
            Movement.objects.deposit(desk.budget, 5_00)

        assert [movement.kind for movement in desk.movements()[3:]] == ["withdraw", "deposit"]
        assert desk.statement().state == "imported"

    def test_it_is_undone_once(self, desk, may):
        desk.undo()

        with pytest.raises(UndoRefused) as refused:
            desk.undo()

        assert refused.value.figures == {"why": "undone"}


class TestKey:
    def test_repeating_it_returns_the_same_reversals(self, desk, may):
        first = desk.undo(key="oops")

        assert desk.undo(key="oops") == first
        assert len(desk.movements()) == 6

    def test_another_key_is_refused(self, desk, may):
        desk.undo(key="oops")

        with pytest.raises(UndoRefused):
            desk.undo(key="again")

    @pytest.mark.parametrize("taken", ["by a movement", "by a bucket", "by another undo"])
    def test_a_key_of_another_request_is_refused(self, desk, taken):
        desk.import_file(desk.file(incoming(z="1 z")))
        if taken == "by another undo":
            desk.undo(key="taken")
        elif taken == "by a bucket":
            rent = desk.bucket("Rent")
            desk.do(lambda: Bucket.objects.lock(rent, key="taken"))
        else:
            desk.do(lambda: Movement.objects.deposit(desk.budget, 1, key="taken"))
        desk.import_file(desk.file(MAY))
        before = desk.everything()

        with pytest.raises(KeyReused):
            desk.undo(key="taken")

        assert desk.everything() == before


class TestRaces:
    def test_two_undos_at_once_undo_it_once(self, desk, may):
        answers = desk.while_open(desk.budget.acquire, desk.undo, desk.undo)

        assert sum(isinstance(answer, UndoRefused) for answer in answers) == 1
        assert sum(isinstance(answer, list) for answer in answers) == 1
        assert desk.holds() == {"Rent": 0, "Money": 0}

    def test_an_import_stops_when_it_is_undone_meanwhile(self, desk, monkeypatch):
        monkeypatch.setattr(imports, "BATCH", 1)
        path = desk.file(MAY)
        running = _running(desk, path)
        next(running)
        desk.undo()

        with pytest.raises(StatementUndone):
            list(running)

        assert len(desk.movements()) == 2
        assert desk.import_file(path) == {1: "new", 2: "new", 3: "new"}


class TestCommand:
    def test_lists_the_imports(self, desk, may):
        desk.undo()
        desk.import_file(may)

        rows = json.loads(_command(desk, list=True, json=True))

        assert [row["state"] for row in rows] == ["imported", "undone"]
        assert [(row["file"], row["lines"], row["came in"], row["held"]) for row in rows] == [
            ("may.ofx", 4, 3, 0)
        ] * 2
        assert rows[0]["brought_minor"] == 157_00
        assert "may.ofx" in _command(desk, list=True)

    @pytest.mark.parametrize("digits", [4, 32, 64])  # 32 could be an id
    def test_undoes_the_import_whose_hash_begins_so(self, desk, may, digits):
        sha256 = desk.statement().sha256

        said = _command(desk, sha256[:digits].upper())

        assert said.startswith("may.ofx: 3 deposits reversed, €157.00 in total\n")
        assert desk.statement().state == "undone"

    def test_undoes_the_import_of_that_id_and_repeats_a_key(self, desk, may):
        pk = str(desk.statement().pk)

        first, second = (json.loads(_command(desk, pk, json=True, key="k")) for _ in range(2))

        assert first == second
        assert (first["reversed"], first["back_minor"]) == (3, 157_00)

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            (None, "name an import"),
            ("0123456789", "no import '0123456789'"),
            ("", "no import ''"),
            ("01", "no import '01'"),
            ("01a1fce8-61d2-716a-aaa1-83d4787cd346", "no import"),
        ],
    )
    def test_refuses_a_name_that_is_no_import(self, desk, may, name, says):
        with pytest.raises(UnknownStatement, match=says):
            _command(desk, name)

    def test_refuses_a_hash_that_two_imports_have(self, desk, may):
        desk.import_file(may, account="7")

        with pytest.raises(UnknownStatement, match="several imports"):
            _command(desk, desk.statement().sha256)

    def test_one_of_another_budget_is_unknown(self, desk, may):
        pk = str(desk.statement().pk)

        with pytest.raises(UnknownStatement):
            _command(desk.beside(), pk)


def _running(desk: Desk, path: Any) -> Iterator[imports.Classified]:
    """An import that brings in a batch with each step."""
    file = read(path)
    return imports.import_file(desk.budget, file, dry_run=False)


def _ledger(desk: Desk) -> list[Any]:
    """All entries of the budget, and its totals, but for ids and times."""
    columns = ("movement__seq", "movement__kind", "movement__amount", "movement__net_amount",
               "movement__reverses__seq", "position", "bucket__name", "seq", "amount",
               "balance_before", "balance_after", "reason", "became_full")  # fmt: skip
    desk.do(desk.budget.refresh_from_db)
    totals = (desk.budget.version, desk.budget.deposited, desk.budget.withdrawn)
    entries = Entry.objects
    return desk.do(
        lambda: [totals, *entries.filter(movement__budget=desk.budget)
                 .order_by("movement__seq", "position").values_list(*columns)]
    )  # fmt: skip


def _command(desk: Desk, *names: str | None, **options: Any) -> str:
    out = io.StringIO()
    said = [name for name in names if name is not None]
    call_command("undo_import", *said, tenant=desk.tenant.slug, budget=desk.budget.name,
                 stdout=out, **options)  # fmt: skip
    return out.getvalue()
