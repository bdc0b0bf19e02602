"""Imports for tests: a tenant with a budget, files to import, and what became of the lines."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import connection, connections

from budgets.cascade import Claim
from budgets.jobs import audit
from budgets.jobs.imports import Choices, Classified, import_file
from budgets.models import Bucket, Budget, Movement, Statement, StatementLine
from budgets.statements import Hints, read
from tenants.context import acting_for, run_for
from tenants.models import Tenant
from tests.budgets.statement_files import ofx, transaction

MODELS: tuple[Any, ...] = (Statement, StatementLine, Movement)
WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


class Desk:
    """A tenant's budget in EUR, where Rent fills to 100.00 first, and files to import into it."""

    def __init__(self, tenant: Tenant, folder: Path, budget: Budget | None = None) -> None:
        self.tenant, self.folder = tenant, folder
        self.budget = budget or self.do(self._founded)

    @staticmethod
    def _founded() -> Budget:
        budget = Budget.objects.create_budget(f"Budget {uuid4().hex[:6]}", "EUR")
        Bucket.objects.create_bucket(budget, "Rent", filter=Claim(flat=100_00), target=100_00)
        return budget

    def do[T](self, work: Callable[[], T]) -> T:
        return run_for(self.tenant, work)

    def beside(self) -> "Desk":
        """Another budget of the tenant."""
        return Desk(self.tenant, self.folder)

    def file(self, content: str, name: str = "") -> Path:
        path = self.folder / (name or f"{len(list(self.folder.iterdir()))}.txt")
        path.write_text(content)
        return path

    def import_file(
        self, path: Path, *, dry_run: bool = False, account: str = "", **choices: Any
    ) -> dict[int, str]:
        """Import a file: the status of each incoming line by its number."""
        classified = self.classify(path, dry_run=dry_run, account=account, **choices)
        return {each.line.number: str(each.status) for each in classified if each.line.incoming}

    def classify(
        self, path: Path, *, dry_run: bool = False, account: str = "", **choices: Any
    ) -> list[Classified]:
        file = read(path, hints=Hints(account=account))
        chosen: dict[str, Any] = {
            name: frozenset(said) if isinstance(said, set) else said
            for name, said in choices.items()
        }
        made = Choices(**chosen)
        return list(import_file(self.budget, file, choices=made, dry_run=dry_run))

    def review(self, path: Path, **choices: Any) -> list[Classified]:
        file = read(path)
        made = Choices(**choices)
        return self.do(lambda: list(Statement.objects.review(self.budget, file, made)))

    def statement(self) -> Statement:
        """The newest import into the budget."""
        return self.do(self._newest)

    def _newest(self) -> Statement:
        found: Statement | None = (
            Statement.objects.filter(budget=self.budget).order_by("created_at").last()
        )
        assert found is not None
        return found

    def undo(self, key: str | None = None) -> list[Movement]:
        statement = self.statement()
        return self.do(lambda: Statement.objects.undo(statement, key=key))

    def holds(self) -> dict[str, int]:
        """What each bucket holds."""
        return self.do(lambda: dict(self.budget.buckets.values_list("name", "balance")))

    def bucket(self, name: str) -> Bucket:
        return self.do(lambda: Bucket.objects.get_by_name(self.budget, name))

    def movements(self) -> list[Movement]:
        return self.do(lambda: list(self.budget.movements.order_by("seq")))

    def everything(self) -> list[Any]:
        """Every row an import writes."""
        return self.do(lambda: [list(model.objects.order_by("pk").values()) for model in MODELS])

    def is_sound(self) -> bool:
        """No invariant is broken, and every line is the movement it names."""
        assert [*map(str, audit.breaks_of(self.tenant))] == []
        assert self.do(lambda: list(StatementLine.objects.movement_mismatch())) == []
        return True

    def while_open(self, first: Callable[[], Any], *others: Callable[[], Any]) -> list[Any]:
        """What `others` answer or raise that began when `first` was done and not committed.

        They all wait for a lock before it commits.
        """
        with ThreadPoolExecutor(len(others)) as threads:
            with acting_for(self.tenant):
                first()
                answers = [threads.submit(_alone, work) for work in others]
                _until_waiting(answers)
            return [answer.result(timeout=20) for answer in answers]


def incoming(*, account: str = "7", **by_id: str) -> str:
    """An OFX of lines by bank id, each "amount text"; ids that begin with "no" are not written."""
    return ofx(
        *(
            transaction(
                FITID="" if fitid.startswith("no") else fitid,
                TRNAMT=said.split()[0],
                NAME=said.partition(" ")[2],
            )
            for fitid, said in by_id.items()
        ),
        account=account,
    )


def table(*rows: str) -> str:
    """A CSV that names no account; a row is "day amount text"."""
    return "\n".join(["Date;Amount;Text", *(row.replace(" ", ";", 2) for row in rows)])


def _alone(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as error:
        return error
    finally:
        connections.close_all()


def _until_waiting(answers: Iterable["Future[Any]"]) -> None:
    """Return when as many sessions wait for a lock."""
    end = time.monotonic() + 10
    many = len(list(answers))
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            if cursor.fetchone()[0] >= many:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")
