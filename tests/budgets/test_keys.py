"""Keys over every table that keeps them, and over both doors: Python and the command line."""

from datetime import datetime
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from budgets.cascade import Claim
from budgets.errors import BadOption, KeyReused, UnknownKeyword
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Overflow
from budgets.managers.requests import Request
from budgets.models import Bucket, Movement, Schedule, Statement
from tests.budgets.desk import Desk, incoming
from tests.budgets.paydays import pay_day
from tests.command_line import Ran, manage


@pytest.fixture
def desk(tenant, tmp_path):
    desk = Desk(tenant, tmp_path)
    desk.import_file(desk.file(incoming(a="100 pay", b="50 gift")))
    yield desk
    assert desk.is_sound()


def deposit(desk: Desk, key: str) -> Any:
    return Movement.objects.deposit(desk.budget, 5, key=key)


def rent(desk: Desk) -> Bucket:
    return Bucket.objects.get_by_name(desk.budget, "Rent")


def rename(desk: Desk, key: str) -> Any:
    return Bucket.objects.rename(rent(desk), "House", key=key)


def schedule(desk: Desk, key: str) -> Any:
    return pay_day(desk.budget, key=key)


def edit(desk: Desk, key: str) -> Any:
    made = desk.budget.schedules.first() or pay_day(desk.budget)
    return Schedule.objects.edit(made, amount=7, key=key)


def undo(desk: Desk, key: str) -> Any:
    return Statement.objects.undo(Statement.objects.get(), key=key)


def in_bulk(desk: Desk, key: str) -> Any:
    return Movement.objects.deposit_many([Deposit(desk.budget.pk, 6, {"key": key})])


def reverse_in_bulk(desk: Desk, key: str) -> Any:
    first = Movement.objects.get(budget=desk.budget, seq=1)
    return Movement.objects.reverse_many(desk.budget, [(first, {"key": key})])


VERBS = (deposit, rename, schedule, edit, undo, in_bulk, reverse_in_bulk)
PAIRS = [pair for pair in permutations(VERBS, 2) if pair != (undo, reverse_in_bulk)]
"""What is undone is refused to be reversed before its key is looked at."""


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda verb: verb.__name__)
def test_a_key_that_one_verb_has_used_no_other_may_use(desk, one, other):
    desk.do(lambda: one(desk, "k"))
    before = desk.do(Movement.objects.count)

    with pytest.raises(KeyReused) as raised:
        desk.do(lambda: other(desk, "k"))

    assert raised.value.figures["key"] == "k"
    assert desk.do(Movement.objects.count) == before


def test_a_key_of_one_budget_is_free_in_another(desk):
    desk.do(lambda: deposit(desk, "k"))
    beside = desk.beside()

    for verb in (rename, schedule):
        with pytest.raises(KeyReused):
            desk.do(lambda verb=verb: verb(desk, "k"))
    assert not desk.do(lambda: schedule(beside, "k")).repeated


def test_many_reversals_under_one_key_are_refused(desk):
    def work() -> Any:
        rows = list(desk.budget.movements.order_by("seq"))
        return Movement.objects.reverse_many(desk.budget, [(row, {"key": "k"}) for row in rows])

    with pytest.raises(KeyReused):
        desk.do(work)


def test_an_undo_takes_a_key_as_every_verb_does(desk):
    for key in ("", 5, "x" * 201):
        with pytest.raises(BadOption):
            desk.do(lambda key=key: undo(desk, key))
    first = desk.do(lambda: undo(desk, "k"))
    again = desk.do(lambda: undo(desk, "k"))

    assert again == first
    assert [row.repeated for row in (*first, *again)] == [False, False, True, True]


def test_a_schedule_and_an_undo_refuse_unknown_keywords(desk):
    with pytest.raises(UnknownKeyword, match="did you mean 'time_zone'"):
        desk.do(lambda: pay_day(desk.budget, timezone="Europe/Berlin"))
    with pytest.raises(UnknownKeyword, match="memo"):
        desk.do(lambda: Statement.objects.undo(Statement.objects.get(), memo="why"))  # type: ignore[call-arg]
    with pytest.raises(UnknownKeyword, match="'efective_at'"):
        Deposit(desk.budget.pk, 5, {"efective_at": None})  # type: ignore[typeddict-unknown-key]


def test_a_request_from_before_is_known_by_the_fingerprint_it_was_given():
    asked = Request("deposit", {"key": "k"}, budget=UUID(int=1), amount=5).fingerprint

    assert asked == "664b746bc48259d67649f2a59e66660b506a5eeb253455f9228254c0a90aa003"


class TestBothDoors:
    """The same request in Python and by `manage.py`, in either order, is one request."""

    @pytest.fixture(params=["python first", "command line first"])
    def once(self, desk, request):
        def ask(python: Any, *words: str) -> tuple[Any, Ran]:
            command = [words[0], *words[1:], "--tenant", desk.tenant.slug, "--json"]
            if request.param == "python first":
                answer = desk.do(python)
                return answer, manage(*command)
            ran = manage(*command)
            answer = desk.do(python)
            assert all(row.repeated for row in (answer if isinstance(answer, list) else [answer]))
            return answer, ran

        return ask

    def at(self, desk: Desk) -> tuple[str, str]:
        return "--budget", desk.budget.name

    def test_a_deposit(self, desk, once):
        answer, ran = once(
            lambda: Movement.objects.deposit(desk.budget, 5_00, key="k"),
            "deposit",
            "5",
            "--key",
            "k",
            *self.at(desk),
        )

        assert ran.json["movement"] == str(answer.pk)
        assert ran.json["repeated"] is not answer.repeated
        assert desk.do(Movement.objects.count) == 3

    def test_a_deposit_into_a_bucket(self, desk, once):
        answer, ran = once(
            lambda: Movement.objects.deposit_into(
                rent(desk), 5_00, key="k", memo="m", overflow=Overflow.ALLOW
            ),
            "deposit", "5", "--key", "k", "--memo", "m", "--into", "rent", "--overflow", "allow",
            *self.at(desk),
        )  # fmt: skip

        assert ran.json["movement"] == str(answer.pk)
        assert desk.do(Movement.objects.count) == 3

    def test_a_new_bucket(self, desk, once):
        answer, ran = once(
            lambda: Bucket.objects.create_bucket(
                desk.budget, "Trip", filter=Claim(share=300_000), hold=Claim(flat=5_00), key="k"
            ),
            "budget", "add", "Trip", "--filter", "30%", "--hold", "5", "--key", "k",
            *self.at(desk),
        )  # fmt: skip

        assert [row["bucket"] for row in ran.json].count(answer.name) == 1
        assert desk.do(lambda: Bucket.objects.filter(name="Trip").count()) == 1

    def test_a_schedule(self, desk, once):
        answer, ran = once(
            lambda: Schedule.objects.create_schedule(
                desk.budget, "Salary", 5_00, rrule="FREQ=MONTHLY;BYMONTHDAY=-1",
                starts=datetime(2026, 12, 1, 9), time_zone="Europe/Berlin", key="k",
            ),
            "schedule", "create", "Salary", "5", "--rule", "bymonthday=-1;freq=monthly",
            "--starts", "2026-12-01T09:00", "--zone", "Europe/Berlin", "--key", "k",
            *self.at(desk),
        )  # fmt: skip

        assert ran.json["id"] == str(answer.pk)
        assert desk.do(Schedule.objects.count) == 1

    def test_a_pay_rise(self, desk, once):
        desk.do(lambda: pay_day(desk.budget))

        answer, ran = once(
            lambda: Schedule.objects.edit(
                Schedule.objects.get_by_name(desk.budget, "Salary", key="k"),
                amount=7_00,
                rrule="FREQ=WEEKLY",
                key="k",
            ),
            "schedule", "edit", "Salary", "--amount", "7", "--rule", "freq=weekly", "--key", "k",
            *self.at(desk),
        )  # fmt: skip

        assert ran.json["id"] == str(answer.pk)
        assert ran.json["repeated"] is not answer.repeated
        assert desk.do(lambda: answer.versions.count()) == 1

    def test_a_payroll(self, desk, once, tmp_path):
        file = tmp_path / "pay.csv"
        file.write_text(f"{desk.budget.name}, 5, k\n")

        answer, ran = once(
            lambda: Movement.objects.deposit(desk.budget, 5_00, key="k", memo="Payroll"),
            "payroll",
            str(file),
        )

        status = "deposited" if answer.repeated else "repeated"
        assert [row["status"] for row in ran.json["lines"]] == [status]
        assert desk.do(Movement.objects.count) == 3

    def test_an_undone_import(self, desk, once):
        answer, ran = once(
            lambda: undo(desk, "k"),
            "undo_import",
            str(desk.statement().pk),
            "--key",
            "k",
            *self.at(desk),
        )

        assert ran.json["movements"] == [str(row.pk) for row in answer]
        assert desk.do(Movement.objects.count) == 4


def test_an_empty_key_is_refused_on_the_command_line(desk):
    ran = manage(
        "deposit", "5", "--key", "", "--tenant", desk.tenant.slug, "--budget", desk.budget.name
    )

    ran.assert_refused("bad_particulars", "1 to 200 characters")
