"""`manage.py payroll`: one deposit for each line of a file, read as a whole first."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from budgets.errors import BadAmount, BadPayroll
from budgets.models import Budget, Movement
from tenants.errors import UnknownTenant
from tests.budgets.verbs import Audited, Scene
from tests.factories import BudgetFactory


class Payroll:
    """The file of a test, and the command on it."""

    def __init__(self, scene: Scene, file: Path) -> None:
        self.scene, self.file = scene, file

    def write(self, *lines: str, encoding: str = "utf-8") -> None:
        self.file.write_bytes("\n".join(lines).encode(encoding))

    def pay(self, *lines: str, options: tuple[str, ...] = ()) -> tuple[int, str]:
        """The exit code and what was printed."""
        if lines:
            self.write(*lines)
        out = io.StringIO()
        tenant = self.scene.tenant.slug
        try:
            call_command("payroll", str(self.file), "--tenant", tenant, *options, stdout=out)
        except SystemExit as exit:
            return int(exit.code or 0), out.getvalue()
        return 0, out.getvalue()

    def refused(self, *lines: str, options: tuple[str, ...] = ()) -> str:
        """How the whole file is refused; nothing is written."""
        before = self.scene.everything()
        with pytest.raises(BadPayroll) as refused:
            self.pay(*lines, options=options)
        assert refused.value.code == "bad_payroll"
        assert self.scene.everything() == before
        return str(refused.value)

    def deposits(self) -> list[tuple[str, int, str | None]]:
        """The deposits with a key: into which budget, how much, which key."""
        columns = ("budget__name", "amount", "key")
        with self.scene.block():
            rows = Movement.objects.exclude(key=None).order_by("budget__name", "seq")
            return list(rows.values_list(*columns))


@pytest.fixture
def payroll(scene, tmp_path) -> Payroll:
    return Payroll(scene, tmp_path / "wages.csv")


class TestPayroll(Audited):
    def test_deposits_each_line_through_its_cascade(self, payroll, scene):
        code, text = payroll.pay("budget, amount, key", "Home, 410.50, k1", "Away, 80, k2")

        assert code == 0
        assert payroll.deposits() == [("Away", 80_00, "k2"), ("Home", 410_50, "k1")]
        assert scene.balances("Rent", "Far") == [500_00, 160_00]
        assert "2 lines: 2 deposited, 0 repeated, 0 refused" in text
        assert "€410.50" in text

    def test_knows_budgets_by_name_whatever_its_case_and_by_id(self, payroll, scene):
        away = str(scene.pks["Away"]).upper()

        payroll.pay("", " hOmE ,1, a", '"HOME","2",b', f"{away},3,c", "")

        assert payroll.deposits() == [("Away", 300, "c"), ("Home", 100, "a"), ("Home", 200, "b")]

    def test_a_name_goes_before_an_id(self, payroll, scene):
        home = str(scene.pks["Home"])
        scene.do(lambda: Budget.objects.filter(pk=scene.pks["Away"]).update(name=home))

        payroll.pay(f"{home}, 1, a")

        assert [name for name, *_ in payroll.deposits()] == [home]

    def test_reads_amounts_as_the_locale_writes_them(self, payroll):
        payroll.pay('Home, "1.234,50", k', options=("--locale", "de"))

        assert payroll.deposits() == [("Home", 1234_50, "k")]

    def test_reads_amounts_in_the_currency_of_each_budget(self, payroll, scene):
        scene.do(lambda: BudgetFactory(name="Yen", currency="JPY"))

        payroll.pay("Yen, JPY 500, k", "Home, €5, k")

        assert payroll.deposits() == [("Home", 500, "k"), ("Yen", 500, "k")]
        assert "line 2: '5.5' has too many decimals" in payroll.refused("Home, 1, a", "Yen, 5.5, b")

    def test_records_the_memo(self, payroll, scene):
        payroll.pay("Home, 1, a", options=("--memo", "November"))

        assert scene.newest().memo == "November"

    def test_a_repeat_moves_nothing_and_says_so(self, payroll, scene):
        payroll.pay("Home, 1, a", "Away, 2, b")
        before = scene.everything()

        code, text = payroll.pay("Home, 1, a", "Away, 2, b")

        assert (code, scene.everything()) == (0, before)
        assert "2 lines: 0 deposited, 2 repeated, 0 refused" in text

    def test_lists_twenty_lines_unless_asked_for_all(self, payroll):
        lines = [f"Home, 1, key-{n}" for n in range(22)]

        _, some = payroll.pay(*lines)
        _, everything = payroll.pay(*lines, options=("--all",))

        assert "... and 2 more (--all)" in some
        assert "more (--all)" not in everything
        assert everything.count("Home") == 22


class TestFile(Audited):
    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ("Home, 1", "line 3: expected budget, amount, key, not ['Home', '1']"),
            ("Home, 1, k, x", "line 3: expected budget, amount, key"),
            ("Home, , k", "line 3: expected budget, amount, key"),
            ("budget, amount, key", "line 3: the tenant has no open budget 'budget'"),
            ("Nobody, 1, k", "line 3: the tenant has no open budget 'Nobody'"),
            ("Gone, 1, k", "line 3: the tenant has no open budget 'Gone'"),
            ("Home, 0, k", "line 3: the amount must be more than zero"),
            ("Home, -5, k", "line 3: the amount must be more than zero"),
            ("Home, 1.005, k", "line 3: '1.005' has too many decimals"),
            ("Home, five, k", "line 3: 'five' is not an amount"),
            ("Home, $5, k", "line 3: '$5' is not in EUR"),
            ("Home, 2, first", "line 3: line 2 has the same key 'first'"),
            ('Home, "1, k', "is not a CSV file in UTF-8"),
        ],
    )
    def test_a_bad_line_is_named_and_writes_nothing(self, payroll, line, says):
        lines = ["budget, amount, key", "Home, 1, first", line]

        for options in ((), ("--each",)):
            assert says in payroll.refused(*lines, options=options)

    def test_one_key_may_stand_for_two_budgets(self, payroll):
        payroll.pay("Home, 1, k", "Away, 1, k")

        assert len(payroll.deposits()) == 2

    def test_budgets_that_are_archived_or_another_tenants_are_not_here(self, payroll, scene, other):
        Scene(other, "Their ")
        scene.do(lambda: Budget.objects.filter(name="Away").update(archived_at=timezone.now()))

        assert "no open budget 'Their Home'" in payroll.refused("Their Home, 1, k")
        assert "no open budget 'Away'" in payroll.refused("Away, 1, k")

    def test_may_begin_with_a_byte_order_mark(self, payroll):
        payroll.write("budget, amount, key", "Home, 1, k", encoding="utf-8-sig")

        assert payroll.pay()[0] == 0

    def test_is_refused_when_it_cannot_be_read(self, payroll, tmp_path):
        assert "wages.csv cannot be read: No such file" in payroll.refused()
        payroll.write("Home, 1, Löhne", encoding="latin-1")
        assert "is not a CSV file in UTF-8" in payroll.refused()
        for lines in (["budget, amount, key"], ["", " , ,"]):
            assert "is empty: write lines of budget, amount, key" in payroll.refused(*lines)

    def test_is_refused_for_a_locale_or_a_tenant_there_is_none_of(self, payroll):
        payroll.write("Home, 1, k")

        with pytest.raises(BadAmount, match="unknown locale 'xx'"):
            payroll.pay(options=("--locale", "xx"))
        with pytest.raises(UnknownTenant):
            call_command("payroll", str(payroll.file), "--tenant", "nobody")


class TestRefusedDeposits(Audited):
    @pytest.fixture(autouse=True)
    def _used(self, scene) -> None:
        scene.do(lambda: Movement.objects.deposit(scene.home, 1_00, key="used"))

    def test_one_refuses_the_file_and_is_named(self, payroll):
        says = payroll.refused("", "Away, 1, a", "Home, 2, used", "Home, 3, b")

        assert says.startswith("line 3: key 'used' was used before")
        assert says.endswith("[key_reused]. No deposit was written")

    def test_or_only_itself_when_each_is_on_its_own(self, payroll):
        code, text = payroll.pay("Away, 1, a", "Home, 2, used", "Home, 3, b", options=("--each",))

        assert code == 1
        assert "3 lines: 2 deposited, 0 repeated, 1 refused" in text
        assert payroll.deposits() == [("Away", 100, "a"), ("Home", 100, "used"), ("Home", 300, "b")]

    def test_answer_line_by_line_in_json(self, payroll):
        payroll.pay("Away, 1, a")

        code, text = payroll.pay(
            "Away, 1, a", "Home, 2, used", "Home, 3, b", options=("--each", "--json")
        )

        answer = json.loads(text)
        shown = [(row["line"], row["key"], row["status"], row["answer"]) for row in answer["lines"]]
        assert (code, answer["refused"]) == (1, 1)
        assert [row[:3] for row in shown] == [
            (1, "a", "repeated"),
            (2, "used", "refused"),
            (3, "b", "deposited"),
        ]
        assert [row[3][-13:] for row in shown] == ["#2", " [key_reused]", "#4"]
        assert answer["lines"][2]["amount_minor"] == 300
