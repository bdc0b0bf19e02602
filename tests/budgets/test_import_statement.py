"""`manage.py import_statement`: money in cascades once, money out is left alone."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connections

from budgets import samples
from budgets.jobs import imports
from budgets.jobs.imports import LineStatus
from budgets.managers.statements import StatementManager
from budgets.models import Budget, Movement
from budgets.statements import read
from tenants.context import acting_for
from tenants.errors import Conflict
from tests.budgets.importing import Importer
from tests.budgets.statement_files import ofx, put, table, transaction
from tests.factories import TenantFactory

SHARED = Path(__file__).parents[3] / "shared" / "statements"


@pytest.fixture
def importer(tenant) -> Importer:
    """The importer into a budget in EUR."""
    return Importer.of(tenant)


def incoming(*amounts: str, **leaves: str) -> list[str]:
    """A transaction for each amount, with the bank's ids 1, 2, 3."""
    return [
        transaction(TRNAMT=amount, FITID=str(number), **leaves)
        for number, amount in enumerate(amounts, 1)
    ]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the banks' own files are not in the project")
class TestStatementsNobodyHereWrote:
    @pytest.mark.parametrize(
        ("name", "currency", "words", "accounts", "amounts"),
        [
            ("anzcc.ofx", "AUD", (), ["1234123412341234"], [-5_50]),
            ("bank_medium.ofx", "CAD", (), ["12300 000012345678"], [-6_60, -316_67, -22_00]),
            ("checking.ofx", "USD", (), ["1452687~7"], [1, -34_51, -25_00]),
            ("multiple_accounts.ofx", "USD", (), ["9100", "9200"], []),
            (
                "ofx-v102-empty-tags.ofx",
                "AUD",
                ("--currency", "AUD"),
                ["12345678"],
                [12_34],
            ),
            ("suncorp.ofx", "AUD", (), ["123456789"], [-16_85]),
        ],
    )
    def test_come_in_right_and_once(self, tenant, name, currency, words, accounts, amounts):
        importer = Importer.of(tenant, currency)
        money_in = [amount for amount in amounts if amount > 0]

        first, second = (importer.told(SHARED / name, *words) for _ in range(2))

        for told, new, duplicate in ((first, len(money_in), 0), (second, 0, len(money_in))):
            assert told["accounts"] == accounts
            assert told["currency"] == currency
            assert [line["amount_minor"] for line in told["lines"]] == amounts
            assert (told["new"], told["duplicate"]) == (new, duplicate)
            assert told["skipped"] == len(amounts) - len(money_in)
        assert (first["brought_minor"], second["brought_minor"]) == (sum(money_in), 0)
        assert importer.amounts == money_in

    @pytest.mark.parametrize("name", ["checking.ofx", "multiple_accounts.ofx", "anzcc.ofx"])
    def test_do_not_come_into_a_budget_in_another_currency(self, importer, name):
        before = importer.state

        ran = importer.run(SHARED / name)

        ran.assert_refused("wrong_currency", "the budget in EUR")
        assert importer.state == before

    def test_one_that_names_the_currency_of_a_line_alone_keeps_that_line_out(self, importer):
        told = importer.told(SHARED / "ofx-v102-empty-tags.ofx", "--currency", "EUR")

        assert (told["new"], importer.amounts) == (0, [])

    def test_one_that_names_no_currency_asks_for_it(self, importer):
        ran = importer.run(SHARED / "ofx-v102-empty-tags.ofx")

        ran.assert_refused("bad_statement", "--currency EUR")
        assert importer.amounts == []

    @pytest.mark.parametrize(
        ("name", "currency", "field"),
        [("decimal_error.ofx", "CAD", "TRNAMT"), ("date_missing.ofx", "USD", "DTPOSTED")],
    )
    def test_broken_ones_are_refused_by_the_name_of_the_field(self, tenant, name, currency, field):
        importer = Importer.of(tenant, currency)
        before = importer.state

        ran = importer.run(SHARED / "broken" / name)

        ran.assert_refused("bad_statement", field)
        assert importer.state == before


class TestSamples:
    @pytest.mark.parametrize(
        ("file", "currency", "line_count", "new", "brought"),
        [
            (samples.HOUSEHOLD, "EUR", 192, 35, 68_914_69),
            (samples.BAKERY, "CHF", 197, 101, 234_051_70),
        ],
    )
    def test_come_in_once_and_audit_clean(self, tenant, file, currency, line_count, new, brought):
        importer = Importer.of(tenant, currency)

        first, second = (importer.told(file) for _ in range(2))

        assert (first["lines_total"], first["new"], first["brought_minor"]) == (
            line_count,
            new,
            brought,
        )
        assert (second["new"], second["duplicate"], second["brought_minor"]) == (0, new, 0)
        assert (len(importer.amounts), sum(importer.amounts)) == (new, brought)
        assert importer.breaks == []


class TestALine:
    def test_is_a_deposit_that_says_where_it_comes_from(self, importer, tmp_path):
        file = put(tmp_path, ofx(*incoming("-1", "12.34", NAME="Löhne", MEMO="Mai")))
        digest = importer.told(file)["sha256"]

        with acting_for(importer.tenant):
            movement = Movement.objects.get()

        assert (movement.kind, movement.amount, movement.memo) == ("deposit", 12_34, "Löhne: Mai")
        assert movement.effective_at == datetime(2025, 1, 31, 12, tzinfo=UTC)
        assert movement.source == f"statement {digest[:12]} line 2"
        assert movement.metadata == {"account": "7", "bank_id": "2"}
        assert movement.key == "statement:id:2025-01-31:1234:1:1:7:2"

    def test_cascades(self, importer, tmp_path):
        importer.run(put(tmp_path, ofx(*incoming("150", "30"))))

        with acting_for(importer.tenant):
            balances = Budget.objects.get().buckets.values_list("kind", "balance")
            assert dict(balances) == {"envelope": 130_00, "money": 50_00}

    def test_of_nothing_is_skipped(self, importer, tmp_path):
        assert importer.statuses(put(tmp_path, ofx(*incoming("0.00", "-0.01", "0.01")))) == (
            1,
            0,
            2,
        )

    def test_may_have_a_memo_longer_than_a_movements(self, importer, tmp_path):
        importer.told(put(tmp_path, ofx(*incoming("1", MEMO="x" * 2000))))

        with acting_for(importer.tenant):
            assert Movement.objects.get().memo == "x" * 500


class TestTwice:
    def test_a_line_with_the_banks_id_comes_once_from_one_file(self, importer, tmp_path):
        lines = [transaction(TRNAMT="1", FITID=id) for id in ("a", "b", "a")]

        assert importer.statuses(put(tmp_path, ofx(*lines))) == (2, 1, 0)

    def test_equal_lines_without_an_id_are_two_and_stay_two(self, importer, tmp_path):
        file = put(tmp_path, table("1.50", "1.50", "2.50"))

        assert [importer.statuses(file) for _ in range(2)] == [(3, 0, 0), (0, 3, 0)]

    def test_an_id_is_the_accounts(self, importer, tmp_path):
        for account in "78":
            file = put(tmp_path, ofx(*incoming("1"), account=account))
            assert importer.statuses(file) == (1, 0, 0)

    def test_an_edited_memo_is_still_the_same_line(self, importer, tmp_path):
        importer.told(put(tmp_path, ofx(*incoming("1", "2", MEMO="Salary"))))

        statuses = importer.statuses(
            put(tmp_path, ofx(*incoming("1", "2", MEMO="SALARY, corrected")))
        )

        assert statuses == (0, 2, 0)
        assert importer.amounts == [1_00, 2_00]

    @pytest.mark.parametrize("first", [0, 1])
    def test_files_that_overlap_come_to_every_line_once(self, importer, tmp_path, first):
        banks = [ofx(*incoming("1", "2")), ofx(*incoming("1", "2", "3"))]
        tables = [table("8", "8"), table("8", "8", "8", "9")]

        for contents in (banks, tables):
            for content in (contents[first], contents[1 - first]):
                importer.told(put(tmp_path, content))

        assert sorted(importer.amounts) == [1_00, 2_00, 3_00, 8_00, 8_00, 8_00, 9_00]

    def test_two_imports_at_once_come_to_every_line_once(self, importer, monkeypatch):
        monkeypatch.setattr(imports, "BATCH", 5)
        statement = read(samples.HOUSEHOLD)
        with acting_for(importer.tenant):
            budget = Budget.objects.get()
        barrier = threading.Barrier(2)

        def work() -> int:
            try:
                barrier.wait(10)
                classified = imports.import_file(budget, statement, dry_run=False)
                return sum(each.status is LineStatus.NEW for each in classified)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            new = [each.result(60) for each in [pool.submit(work) for _ in range(2)]]

        assert sum(new) == 35
        assert (len(importer.amounts), sum(importer.amounts)) == (35, 68_914_69)


class TestInterrupted:
    @pytest.fixture
    def fail(self, monkeypatch):
        """Let the second batch of two fail when it is done, once."""
        monkeypatch.setattr(imports, "BATCH", 2)
        real, calls = StatementManager.import_batch, iter(range(1, 1000))

        def fail(error: BaseException) -> None:
            def import_batch(*args, **kwargs):
                classified = real(*args, **kwargs)
                if next(calls) == 2:
                    raise error
                return classified

            monkeypatch.setattr(StatementManager, "import_batch", import_batch)

        return fail

    def test_an_import_goes_on_where_it_was(self, importer, tmp_path, fail):
        file = put(tmp_path, ofx(*incoming("1", "2", "3", "4", "5")))
        fail(KeyboardInterrupt())

        stopped = importer.run(file)

        assert (stopped.code, importer.amounts) == (130, [1_00, 2_00])
        assert importer.statuses(file) == (3, 2, 0)
        assert importer.amounts == [1_00, 2_00, 3_00, 4_00, 5_00]
        assert importer.breaks == []

    def test_a_batch_that_lost_a_conflict_is_tried_again(self, importer, tmp_path, fail):
        fail(Conflict())

        statuses = importer.statuses(put(tmp_path, ofx(*incoming("1", "2", "3", "4", "5"))))

        assert statuses == (5, 0, 0)
        assert importer.amounts == [1_00, 2_00, 3_00, 4_00, 5_00]


class TestDryRun:
    @pytest.mark.parametrize("content", [ofx(*incoming("1", "-2", "3")), table("1", "-2", "1")])
    def test_says_the_same_and_writes_nothing(self, importer, tmp_path, content):
        file, before = put(tmp_path, content), importer.state

        tried = importer.told(file, "--dry-run")

        assert importer.state == before
        assert importer.told(file) == tried | {"dry_run": False}
        assert importer.statuses(file, "--dry-run") == (0, 2, 1)

    def test_knows_duplicates_within_the_file(self, importer, tmp_path, monkeypatch):
        monkeypatch.setattr(imports, "BATCH", 2)
        lines = [transaction(TRNAMT="1", FITID=id) for id in ("a", "a", "b", "a")]

        assert importer.statuses(put(tmp_path, ofx(*lines)), "--dry-run") == (2, 2, 0)


def test_json_is_json_for_no_lines_at_all(importer, tmp_path):
    ran = importer.run(put(tmp_path, "Date;Amount\n"), "--json")

    assert json.loads(ran.out)["lines"] == []


def test_the_same_lines_come_into_another_tenants_budget(importer, tmp_path):
    file = put(tmp_path, ofx(*incoming("1")))
    importer.told(file)

    assert Importer.of(TenantFactory()).statuses(file) == (1, 0, 0)
