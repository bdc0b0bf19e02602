"""Importing statements: every line comes in once, and what may be a duplicate waits."""

import os
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from budgets.errors import BadChoice, BadStatement
from budgets.jobs import imports
from budgets.jobs.imports import import_file
from budgets.models import Movement, Statement, StatementLine
from budgets.statements import read, survey
from tenants.context import acting_for
from tenants.errors import ConstraintBroken, TenantViolation
from tests.budgets.desk import Desk, incoming, table


@pytest.fixture
def desk(tenant, tmp_path):
    desk = Desk(tenant, tmp_path)
    yield desk
    assert desk.is_sound()


class TestOverlappingFiles:
    def test_a_later_file_brings_only_what_an_earlier_one_had_not(self, desk):
        desk.import_file(desk.file(incoming(a="100 pay", b="20 gift")))

        statuses = desk.import_file(desk.file(incoming(b="20 gift", c="3 interest")))

        assert statuses == {1: "duplicate", 2: "new"}
        assert desk.holds() == {"Rent": 100_00, "Money": 23_00}

    def test_the_bank_id_decides_whatever_the_text_says(self, desk):
        desk.import_file(desk.file(incoming(a="100 pay")))

        assert desk.import_file(desk.file(incoming(a="100 SALARY MAY"))) == {1: "duplicate"}

    @pytest.mark.parametrize(
        "later",
        [incoming(a="120 pay"), incoming(a="100 pay").replace("20250131", "20250201")],
        ids=["another amount", "another day"],
    )
    def test_a_known_id_with_another_amount_or_day_is_another_booking(self, desk, later):
        desk.import_file(desk.file(incoming(a="100 pay"), "may.ofx"))
        path = desk.file(later)

        assert desk.import_file(path) == {1: "new"}
        assert desk.import_file(path) == {1: "duplicate"}

    def test_an_id_that_a_file_repeats_comes_in_once(self, desk):
        path = desk.file(incoming(a="5 x", b="5 x").replace("<FITID>b", "<FITID>a"))

        assert desk.import_file(path, dry_run=True) == {1: "new", 2: "duplicate"}
        assert desk.import_file(path) == {1: "new", 2: "duplicate"}
        assert desk.import_file(path) == {1: "duplicate", 2: "duplicate"}

    def test_one_id_in_two_accounts_is_two_lines(self, desk):
        desk.import_file(desk.file(incoming(a="5 x", account="7")))

        assert desk.import_file(desk.file(incoming(a="5 x", account="8"))) == {1: "new"}

    def test_equal_lines_without_an_id_are_counted(self, desk):
        coffee = "2025-01-31 1.50 coffee"
        desk.import_file(desk.file(table(coffee)))

        assert desk.import_file(desk.file(table(coffee, coffee))) == {1: "duplicate", 2: "new"}
        assert desk.import_file(desk.file(table(coffee, coffee, coffee))) == {
            1: "duplicate", 2: "duplicate", 3: "new",
        }  # fmt: skip


class TestPossibleDuplicates:
    EARLIER = incoming(no="10 Salary May")

    def test_a_line_without_an_id_whose_text_was_edited_is_held(self, desk):
        desk.import_file(desk.file(self.EARLIER, "may.ofx"))

        [classified] = desk.classify(desk.file(incoming(no="10 SALARY")))

        assert (classified.status, classified.why) == ("held", "like line 1 of may.ofx: Salary May")
        assert desk.holds()["Rent"] == 10_00

    def test_it_stays_held_until_somebody_says(self, desk):
        desk.import_file(desk.file(self.EARLIER))
        edited = desk.file(incoming(no="10 SALARY", no2="3 else"))
        assert desk.import_file(edited) == {1: "held", 2: "new"}
        statement = desk.statement()

        assert desk.import_file(edited) == {1: "held", 2: "duplicate"}
        assert desk.do(lambda: [line.number for line in statement.lines.held()]) == [1]
        assert desk.import_file(edited, include={1}) == {1: "new", 2: "duplicate"}
        assert desk.import_file(edited) == {1: "duplicate", 2: "duplicate"}
        assert desk.do(lambda: list(statement.lines.held())) == []

    def test_all_of_them_can_be_let_in(self, desk):
        desk.import_file(desk.file(self.EARLIER))

        assert desk.import_file(desk.file(incoming(no="10 SALARY")), hold=False) == {1: "new"}

    def test_nothing_is_held_when_the_file_has_the_earlier_line_too(self, desk):
        desk.import_file(desk.file(self.EARLIER))

        statuses = desk.import_file(desk.file(incoming(no="10 Bonus", no2="10 Salary May")))

        assert statuses == {1: "new", 2: "duplicate"}

    @pytest.mark.parametrize(
        ("earlier", "later"),
        [("no", "a"), ("a", "no")],
        ids=["the bank has begun to give ids", "the bank gives no ids any more"],
    )
    def test_a_line_is_held_when_one_of_the_two_has_no_id(self, desk, earlier, later):
        desk.import_file(desk.file(incoming(**{earlier: "10 Salary"})))

        assert desk.import_file(desk.file(incoming(**{later: "10 Salary May"}))) == {1: "held"}

    @pytest.mark.parametrize(
        "later",
        [
            incoming(no="11 Salary"),
            incoming(no="10 Salary").replace("20250131", "20250201"),
            incoming(no="10 Salary", account="8"),
        ],
        ids=["another amount", "another day", "another account"],
    )
    def test_a_line_that_differs_in_more_than_its_text_is_new(self, desk, later):
        desk.import_file(desk.file(self.EARLIER))

        assert desk.import_file(desk.file(later)) == {1: "new"}

    @pytest.mark.parametrize("account", ["7", ""])
    def test_two_ids_are_two_lines_if_one_file_has_both(self, desk, account):
        desk.import_file(desk.file(incoming(a="10 Salary", account=account)))
        both = incoming(a="10 Salary", b="10 Salary", account=account)

        assert desk.import_file(desk.file(both)) == {1: "duplicate", 2: "new"}

    @pytest.mark.parametrize("account", ["7", ""])
    def test_another_id_for_the_same_day_and_amount_is_held(self, desk, account):
        desk.import_file(desk.file(incoming(a="10 Salary", account=account), "may.ofx"))

        [classified] = desk.classify(desk.file(incoming(b="10 Salary", account=account)))

        assert (classified.status, classified.why) == ("held", "like line 1 of may.ofx: Salary")

    def test_what_never_came_in_holds_nothing(self, desk):
        desk.import_file(desk.file(self.EARLIER), skip={1})

        assert desk.import_file(desk.file(incoming(no="10 SALARY"))) == {1: "new"}

    def test_a_file_that_names_no_account_may_be_of_any_in_the_budget(self, desk):
        row = "2025-01-31 10 Salary"
        desk.import_file(desk.file(incoming(a="10 Salary May")))

        assert desk.import_file(desk.file(table(row))) == {1: "held"}

    def test_naming_the_account_later_does_not_bring_the_lines_again(self, desk):
        path = desk.file(table("2025-01-31 10 Salary"))
        desk.import_file(path)

        assert desk.import_file(path, account="7") == {1: "held"}


class TestReview:
    def test_says_of_each_incoming_line_what_would_become_of_it_and_why(self, desk):
        desk.import_file(desk.file(incoming(a="10 pay", no="4 gift"), "may.ofx"))
        before = desk.everything()

        later = desk.file(incoming(a="10 x", out="-3 y", no="4 GIFT", d="5 z", e="6"))
        classified = desk.review(later, skip=frozenset({4}))

        assert [(each.line.number, each.status, each.why) for each in classified] == [
            (1, "duplicate", "came in as line 1 of may.ofx"),
            (3, "held", "like line 2 of may.ofx: gift"),
            (4, "skipped", "left out by choice"),
            (5, "new", ""),
        ]
        assert desk.everything() == before

    @pytest.mark.parametrize("batch", [1, 2, 100])
    def test_importing_does_what_the_review_said(self, desk, monkeypatch, batch):
        monkeypatch.setattr(imports, "BATCH", batch)
        desk.import_file(desk.file(incoming(a="10 pay", no="4 gift", b="1 one")))
        path = desk.file(incoming(x="1 x", no="4 GIFT", b="1 one", y="2 y", out="-5 out", z="3"))

        reviewed = {each.line.number: str(each.status) for each in desk.review(path)}

        assert desk.import_file(path, dry_run=True) == reviewed == desk.import_file(path)

    def test_refuses_a_bad_file(self, desk):
        with pytest.raises(BadStatement):
            desk.review(desk.file(table("2025-01-31 10 x", "2025-01-31 much y")))


class TestDecisions:
    def test_a_line_that_is_skipped_stays_out(self, desk):
        path = desk.file(incoming(a="10 pay", b="20 from savings"))

        assert desk.import_file(path, skip={2}) == {1: "new", 2: "skipped"}
        assert desk.import_file(path) == {1: "duplicate", 2: "skipped"}
        assert desk.import_file(path, include={2}) == {1: "duplicate", 2: "new"}

    def test_it_stays_out_in_later_files_too(self, desk):
        desk.import_file(desk.file(incoming(a="10 pay", b="20 from savings"), "may.ofx"), skip={2})
        later = desk.file(incoming(b="20 from savings", c="5 x"))

        [classified, _] = desk.classify(later)

        assert (classified.status, classified.why) == (
            "skipped",
            "left out by choice as line 2 of may.ofx",
        )
        assert desk.import_file(later, include={1}) == {1: "new", 2: "duplicate"}

    def test_an_interrupted_import_remembers_what_it_had_not_come_to(self, desk, monkeypatch):
        monkeypatch.setattr(imports, "BATCH", 1)
        path = desk.file(incoming(a="10 pay", b="20 from savings"))
        file = read(path)
        choices = imports.Choices(skip=frozenset({2}))
        next(import_file(desk.budget, file, choices=choices, dry_run=False))

        assert desk.import_file(path) == {1: "duplicate", 2: "skipped"}

    def test_a_line_that_is_in_stays_in(self, desk):
        path = desk.file(incoming(a="10 pay"))
        desk.import_file(path)

        assert desk.import_file(path, skip={1}) == {1: "duplicate"}
        assert desk.import_file(path, include={1}) == {1: "duplicate"}

    @pytest.mark.parametrize(
        ("choices", "says"),
        [
            ({"skip": {2}}, "line 2 brings nothing"),
            ({"include": {9}}, "line 9 brings nothing or is not there"),
            ({"include": {2}}, "line 2 brings nothing"),
            ({"skip": {1}, "include": {1}}, "line 1 cannot be both"),
        ],
    )
    def test_refuses_what_cannot_be_chosen_and_writes_nothing(self, desk, choices, says):
        path = desk.file(incoming(a="10 pay", b="-3 out", c="10 pay").replace("D>c", "D>a"))

        with pytest.raises(BadChoice, match=says):
            desk.import_file(path, **choices)

        assert desk.everything() == [[], [], []]


class TestWhatIsKept:
    def test_the_file_its_counts_and_its_incoming_lines(self, desk):
        desk.import_file(
            desk.file(incoming(a="10 pay", b="-3 out", c="-4 out", no="2 gift"), "may.ofx")
        )
        statement = desk.statement()

        assert (statement.name, statement.format, statement.currency) == ("may.ofx", "ofx", "EUR")
        assert (statement.total, statement.outgoing, statement.state) == (4, 2, "imported")
        first, second = desk.do(
            lambda: list(statement.lines.select_related("movement").order_by("number"))
        )
        assert (first.number, first.account, first.identity) == (
            1,
            "7",
            "id:2025-01-31:1000:1:1:7:a",
        )
        assert (first.amount, first.movement.amount, first.description) == (10_00, 10_00, "pay")
        assert (second.number, second.has_bank_id, second.movement.seq) == (4, False, 2)

    def test_a_second_run_writes_nothing(self, desk):
        path = desk.file(incoming(a="10 pay", no="3 gift"))
        desk.import_file(path)
        before = desk.everything()

        assert desk.import_file(path) == {1: "duplicate", 2: "duplicate"}
        assert desk.everything() == before

    def test_a_file_named_in_bytes_that_are_no_text(self, desk):
        plain = desk.file(incoming(a="1 x"))
        odd = Path(str(plain) + "\udcff")
        plain.rename(odd)

        desk.import_file(odd)

        assert desk.statement().name == plain.name + "?"

    def test_refuses_an_account_longer_than_any_before_anything_is_written(self, desk):
        path = desk.file(incoming(a="1 x", account="9" * 201))

        with pytest.raises(BadStatement, match="at most 200 characters"):
            desk.import_file(path)

    @pytest.mark.parametrize(("file", "rule"), [
        (incoming(a="1 x"), "budgets_statementline_once"),
        (table("2025-01-31 1 x"), "budgets_statementline_unnamed_once"),
    ])  # fmt: skip
    def test_postgresql_refuses_a_line_that_is_in_already(self, desk, file, rule):
        desk.import_file(desk.file(file))
        desk.import_file(desk.file(file + "\n"))
        with acting_for(desk.tenant):
            duplicate = StatementLine.objects.exclude(status="new").get()
            movement = Movement.objects.deposit(desk.budget, 1)

            with pytest.raises(ConstraintBroken) as broken, transaction.atomic():
                StatementLine.objects.filter(pk=duplicate.pk).update(
                    status="new", movement=movement
                )  # fmt: skip

        assert broken.value.constraint == rule

    @pytest.mark.parametrize("change", [{"status": "held"}, {"status": "lost"}, {"movement": None}])
    def test_postgresql_refuses_a_status_without_its_movement(self, desk, change):
        desk.import_file(desk.file(incoming(a="1 x")))

        with pytest.raises(ConstraintBroken) as broken:
            desk.do(lambda: StatementLine.objects.update(**change))

        assert broken.value.constraint == "budgets_statementline_status"

    def test_role_app_can_neither_rewrite_nor_delete_what_came_in(self, desk):
        desk.import_file(desk.file(incoming(a="1 x")))

        for work in (
            lambda: StatementLine.objects.update(identity="x"),
            lambda: StatementLine.objects.update(amount=2),
            lambda: StatementLine.objects.all().delete(),
            lambda: Statement.objects.update(sha256="0" * 64),
            lambda: Statement.objects.all()._raw_delete("default"),
        ):
            with pytest.raises(TenantViolation):
                desk.do(work)


class TestInterruption:
    def test_an_interrupted_import_goes_on(self, desk, monkeypatch):
        monkeypatch.setattr(imports, "BATCH", 2)
        path = desk.file(incoming(**{f"id{n}": f"{n} x" for n in range(1, 6)}))
        file = read(path)
        list(islice(import_file(desk.budget, file, dry_run=False), 2))
        assert desk.statement().state == "unfinished"

        statuses = desk.import_file(path)

        assert statuses == {1: "duplicate", 2: "duplicate", 3: "new", 4: "new", 5: "new"}
        assert desk.statement().state == "imported"
        assert [movement.amount for movement in desk.movements()] == [1_00, 2_00, 3_00, 4_00, 5_00]

    def test_lines_from_before_imports_were_kept_are_duplicates(self, desk):
        with acting_for(desk.tenant):
            for key, amount in (("a", 1_00), ("c", 9_99)):
                Movement.objects.deposit(
                    desk.budget,
                    amount,
                    key=f"statement:id:1:7:{key}",
                    effective_at=datetime(2025, 1, 31, 12, tzinfo=UTC),
                )
        path = desk.file(incoming(a="1 x", b="2 y", c="3 z"))

        assert desk.import_file(path) == {1: "duplicate", 2: "new", 3: "new"}

    def test_the_old_key_of_another_day_is_no_duplicate(self, desk):
        with acting_for(desk.tenant):
            Movement.objects.deposit(
                desk.budget,
                1_00,
                key="statement:id:1:7:a",
                effective_at=datetime(2025, 1, 30, 12, tzinfo=UTC),
            )

        assert desk.import_file(desk.file(incoming(a="1 x"))) == {1: "new"}


class TestCost:
    @pytest.mark.parametrize("dry_run", [True, False])
    def test_a_batch_asks_postgresql_no_more_often_for_many_lines_than_for_few(self, desk, dry_run):
        asked = []
        for count in (3, 60):
            path = desk.file(incoming(**{f"id{count}_{n}": f"{count}.{n} x" for n in range(count)}))
            with CaptureQueriesContext(connection) as captured:
                desk.import_file(path, dry_run=dry_run)
            asked.append(len(captured))

        assert asked[0] == asked[1]

    @pytest.mark.slow
    @pytest.mark.timeout(600)
    def test_a_long_file_costs_what_its_incoming_lines_cost(self, desk):
        many = 20_000 if os.environ.get("CI") else 200_000
        path = desk.folder / "long.csv"
        with path.open("w") as out:
            out.write("Date;Amount;Text;Account\n")
            for n in range(many):
                amount = f"{1 + n % 9}.{n // 100 % 100:02}" if n % 100 == 0 else "-1.50"
                out.write(f"2025-{1 + n % 12:02}-{1 + n % 28:02};{amount};booking {n};7\n")
        file = read(path)

        tracemalloc.start()
        statuses = Counter(
            str(each.status) for each in import_file(desk.budget, file, dry_run=False)
        )
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert statuses == {"new": many // 100, "skipped": many - many // 100}
        statement = desk.statement()
        assert (statement.total, statement.outgoing) == (many, many - many // 100)
        assert desk.do(statement.lines.count) == many // 100
        assert peak < 64 << 20
        assert len(desk.undo()) == many // 100


class TestBudgetsAndTenants:
    def test_another_budget_of_the_tenant_gets_no_line_again(self, desk):
        path = desk.file(incoming(a="1 x", no="2 y"), "may.ofx")
        desk.import_file(path)
        beside = desk.beside()

        classified = beside.classify(path)

        assert [each.status for each in classified] == ["duplicate", "duplicate"]
        assert classified[0].why == f"came in as line 1 of may.ofx in {desk.budget.name}"
        assert beside.movements() == []

    def test_a_file_without_an_account_is_held_in_another_budget(self, desk):
        path = desk.file(table("2025-01-31 10 Salary"))
        desk.import_file(path)
        beside = desk.beside()

        assert beside.import_file(path) == {1: "held"}
        assert beside.import_file(path, include={1}) == {1: "new"}
        assert desk.import_file(path) == {1: "duplicate"}

    def test_another_tenant_knows_nothing_of_it(self, desk, other):
        path = desk.file(incoming(a="1 x", no="2 y"))
        desk.import_file(path)
        stranger = Desk(other, desk.folder)

        assert stranger.import_file(path) == {1: "new", 2: "new"}
        assert len(desk.movements()) == len(stranger.movements()) == 2
        assert stranger.is_sound()

    def test_one_file_with_two_accounts_can_go_into_two_budgets(self, desk):
        both = incoming(a="1 x").replace("</STMTRS></STMTTRNRS>", "</STMTRS></STMTTRNRS>" + (
            incoming(b="2 y", account="8").split("<BANKMSGSRSV1>")[1].split("</BANKMSGSRSV1>")[0]
        ), 1)  # fmt: skip
        path = desk.file(both)
        beside = desk.beside()

        assert desk.import_file(path, account="7") == {1: "new"}
        assert beside.import_file(path, account="8") == {2: "new"}
        assert desk.import_file(path) == {1: "duplicate", 2: "duplicate"}


class TestRaces:
    def test_two_imports_of_one_file_bring_each_line_once(self, desk, monkeypatch):
        monkeypatch.setattr(imports, "BATCH", 2)
        path = desk.file(incoming(**{f"id{n}": f"{n} x" for n in range(1, 8)}))

        answers = desk.while_open(desk.budget.acquire, *[lambda: desk.import_file(path)] * 2)

        news = [
            number for statuses in answers for number, status in statuses.items() if status == "new"
        ]
        assert sorted(news) == [1, 2, 3, 4, 5, 6, 7]
        assert len(desk.movements()) == 7

    def test_two_budgets_given_one_line_at_once_get_it_once(self, desk):
        path = desk.file(incoming(a="1 x", b="2 y"))
        beside = desk.beside()
        file = read(path)
        surveyed = survey(file, 2)

        def first() -> None:
            statement = Statement.objects.begin(desk.budget, file, surveyed, imports.Choices())
            Statement.objects.import_batch(statement, list(surveyed.lines()), surveyed, hold=True)

        [statuses] = desk.while_open(first, lambda: beside.import_file(path))

        assert statuses == {1: "duplicate", 2: "duplicate"}
        assert (len(desk.movements()), beside.movements()) == (2, [])
