"""What the tests of reads share."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

from budgets.cascade import Claim
from budgets.models import Budget
from tests.factories import BucketFactory


@contextmanager
def statements(expected: int) -> Iterator[None]:
    """The block sends just so many statements, each of which names the tenant."""
    with CaptureQueriesContext(connection) as captured:
        yield
    sent = [query["sql"] for query in captured.captured_queries]
    assert len(sent) == expected, "\n".join(sent)
    assert all("tenant_id" in statement for statement in sent)


def fill_with_buckets(budget: Budget, many: int) -> None:
    """Buckets that each keep one minor unit of a deposit."""
    for _ in range(many):
        BucketFactory(budget=budget, filter=Claim(flat=1))
