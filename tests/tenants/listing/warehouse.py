"""A shop of 200,000 products and as many orders, put there by SQL as role app."""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

from examples.shop.models import Category
from tenants.context import acting_for
from tenants.models import Tenant
from tenants.postgres.base import as_owner
from tests.factories import UserFactory

ROWS = 200_000
CATEGORIES = 100
CUSTOMERS = 50

PRODUCTS = """
INSERT INTO shop_product (id, tenant_id, created_at, updated_at, category_id, name, description,
    price, stock, metadata, best_before)
SELECT uuidv7(), %(tenant)s, timestamptz '2026-01-01Z' + n * interval '1 minute', now(),
    (%(categories)s::uuid[])[n %% 100 + 1], 'tea ' || n,
    CASE WHEN n %% 1000 = 0 THEN 'Darjeeling' ELSE '' END,
    n, n %% 5000, jsonb_build_object('colour', 'c' || n %% 5000, 'n', n),
    CASE WHEN n %% 2 = 0 THEN date '2026-01-01' + n / 2 %% 365 END
FROM generate_series(%(first)s, %(last)s) AS n
"""
ORDERS = """
INSERT INTO shop_order (id, tenant_id, created_at, updated_at, customer_id, status, total, note,
    placed_at)
SELECT uuidv7(), %(tenant)s, now(), now(), (%(customers)s::uuid[])[n %% 50 + 1],
    CASE WHEN n %% 500 = 0 THEN 'cancelled' ELSE 'sent' END, n, 'leave at door d' || n %% 5000,
    timestamptz '2026-01-01Z' + n * interval '1 minute'
FROM generate_series(%(first)s, %(last)s) AS n
"""


def fill(tenant: Tenant, rows: int = ROWS) -> None:
    """Put the rows there, in batches that keep within app's statement timeout; analyze."""
    with acting_for(tenant):
        categories = [Category.objects.create(name=f"c{n}").pk for n in range(CATEGORIES)]
    customers = [UserFactory(password=None).pk for _ in range(CUSTOMERS)]
    named: dict[str, Any] = {"tenant": tenant.pk, "categories": categories, "customers": customers}
    for first in range(1, rows + 1, 50_000):
        batch = named | {"first": first, "last": min(first + 49_999, rows)}
        with acting_for(tenant), connection.cursor() as cursor:
            cursor.execute(PRODUCTS, batch)
            cursor.execute(ORDERS, batch)
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("ANALYZE shop_product, shop_order")


def plan_of(rows: Any) -> list[dict[str, Any]]:
    """The nodes of a queryset's plan, as it really ran."""
    answer = rows.explain(format="json", analyze=True)
    [plan] = json.loads(answer) if isinstance(answer, str) else answer
    return list(nodes_of(plan["Plan"]))


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes_of(child)
