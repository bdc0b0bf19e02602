"""Rows that are fetched one by one fail a test; and what relations cost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as project
from django.core.exceptions import FieldFetchBlocked
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from zeal import NPlusOneError

from budgets.cascade import Claim
from budgets.models import Bucket, Budget, Entry, Movement
from tests.command_line import in_a_process
from tests.factories import BucketFactory, BudgetFactory
from tests.rows import MAKERS

REVERSE = [
    pytest.param(model, relation.get_accessor_name(), id=f"{model.__name__}.{relation.name}")
    for model in MAKERS
    if model._meta.app_label == "budgets"
    for relation in model._meta.related_objects
    if relation.get_accessor_name()
]


@pytest.fixture
def two_of_each(acting) -> None:
    """Two rows of every model, of the tenant in force."""
    for _ in range(2):
        made: dict[Any, Any] = {}
        for model, make in MAKERS.items():
            made[model] = make(made)


def ours(source: str) -> Callable[..., Any]:
    """A function as if it stood in a module of budgets."""
    names: dict[str, Any] = {"Budget": Budget}
    exec(compile(source, str(project.BASE_DIR / "budgets" / "planted.py"), "exec"), names)  # noqa: S102  # ours
    return names["planted"]


class TestIsRefused:
    def test_a_reverse_relation_of_one_row_after_another(self, two_of_each):
        with pytest.raises(NPlusOneError, match=r"Budget.buckets .*test_nplusone"):
            [list(budget.buckets.all()) for budget in Budget.objects.all()]

    def test_a_forward_relation_where_peers_are_not_fetched_along(self, two_of_each):
        with pytest.raises(NPlusOneError, match=r"Entry.movement"):
            [entry.movement for entry in Entry.objects.all().fetch_mode(models.FETCH_ONE)]

    def test_a_get_in_a_loop_of_our_code(self, two_of_each):
        planted = ours("def planted(ids): return [Budget.objects.get(pk=pk) for pk in ids]")
        ids = list(Budget.objects.values_list("pk", flat=True))

        with pytest.raises(NPlusOneError, match=r"Budget.get.. .*planted"):
            planted(ids)

    def test_a_relation_in_a_function_that_a_loop_of_our_code_calls(self, two_of_each):
        planted = ours(
            "def one(budget): return list(budget.buckets.all())\n"
            "def planted(budgets): return [one(budget) for budget in budgets]"
        )

        with pytest.raises(NPlusOneError, match=r"Budget.buckets .*planted"):
            planted(Budget.objects.all())


class TestIsNot:
    def test_a_verb_that_is_called_again(self, acting):
        for _ in range(2):
            budget = BudgetFactory()
            for amount in (1, 2):
                Movement.objects.deposit(budget, amount)

    def test_a_relation_that_was_prefetched(self, two_of_each):
        for budget in Budget.objects.prefetch_related("buckets"):
            assert budget.buckets.all()

    def test_a_relation_that_peers_fetch_along(self, two_of_each):
        for entry in Entry.objects.all():
            assert entry.movement

    def test_a_relation_of_one_row_that_is_asked_again(self, two_of_each):
        budget = Budget.objects.earliest("pk")

        for _ in range(3):
            list(budget.buckets.all())


class TestFetchMode:
    def test_peers_costs_one_statement_for_all_rows_read_together(self, two_of_each):
        buckets = list(Bucket.objects.all())

        with CaptureQueriesContext(connection) as asked:
            budgets = {bucket.budget for bucket in buckets}

        assert (len(asked), len(buckets) > len(budgets) > 1) == (1, True)

    def test_raise_refuses_what_was_not_read_along(self, two_of_each, settings):
        settings.TENANT_FETCH_MODE = "raise"
        bucket = Bucket.objects.earliest("pk")

        with CaptureQueriesContext(connection) as asked, pytest.raises(FieldFetchBlocked):
            assert bucket.budget

        assert len(asked) == 0
        assert Bucket.objects.select_related("budget").earliest("pk").budget

    def test_is_one_of_the_two(self):
        ran = in_a_process("check", env={"TENANT_FETCH_MODE": "lazy"})

        assert ran.code != 0
        assert "TENANT_FETCH_MODE must be peers or raise, not 'lazy'" in ran.err

    def test_comes_from_the_environment(self):
        ask = "from django.conf import settings; print(settings.TENANT_FETCH_MODE)"

        ran = in_a_process("shell", "--no-imports", "-c", ask, env={"TENANT_FETCH_MODE": "raise"})

        assert ran.out.strip() == "raise"


class TestReverseRelations:
    """No fetch mode covers them: each row's costs a statement, unless they are prefetched."""

    def test_are_more_than_a_few(self):
        assert len(REVERSE) >= 13

    @pytest.mark.parametrize(("model", "accessor"), REVERSE)
    def test_cost_one_statement_for_all_rows_when_prefetched(self, two_of_each, model, accessor):
        with CaptureQueriesContext(connection) as asked:
            rows = list(model.objects.prefetch_related(accessor))
            read = [list(getattr(row, accessor).all()) for row in rows]

        assert len(rows) > 1
        assert len(read) == len(rows)
        assert len(asked) == 2

    @pytest.mark.parametrize(("model", "accessor"), REVERSE)
    def test_cost_one_statement_for_each_row_otherwise(self, two_of_each, model, accessor):
        rows = list(model.objects.all())

        with CaptureQueriesContext(connection) as asked:
            for row, times in zip(rows, range(1, 3), strict=False):
                ours("def planted(related): return list(related.all())")(getattr(row, accessor))

                assert len(asked) == times


def test_what_hangs_on_a_row_made_here_is_fetched_for_all_its_peers(acting):
    bucket = BucketFactory(filter=Claim(share=500_000))
    movement = Movement.objects.deposit(bucket.budget, 10_00)

    with CaptureQueriesContext(connection) as captured:
        assert [entry.bucket.name for entry in movement.entries.all()]

    assert len(captured) == 2
