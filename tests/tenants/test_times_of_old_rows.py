"""Rows older than their times get what they know of them, and no table is written anew."""

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.conf import settings
from django.core.management import call_command

from tenants.postgres.base import as_owner
from tests.server import scratch_database

FILLING = import_module("tenants.migrations.0013_times_of_old_rows")
TABLES = [
    *("tenants_usersession", "tenants_globalchange", "tenants_loginfailure"),
    *("tenants_systemsettings", "tenants_tenantslug"),
]
OLD = """
INSERT INTO tenants_tenant (id, slug, name, plan, created_at, updated_at)
VALUES ('00000000-0000-0000-0000-0000000000aa', 'old', 'Old', 'free', '2021-01-01Z', '2022-01-01Z');
INSERT INTO tenants_tenantslug VALUES
    ('old', '00000000-0000-0000-0000-0000000000aa'),
    ('lost', '00000000-0000-0000-0000-0000000000bb');
INSERT INTO tenants_usersession
    (id, session_key, session_data, expire_date, created_at, last_seen_at, user_agent)
SELECT gen_random_uuid(), n, '', now(), '2021-01-01Z', '2022-01-01Z', ''
FROM generate_series(1, 25) AS n;
INSERT INTO tenants_loginfailure (id, email, at)
VALUES (gen_random_uuid(), 'a@example.com', '2021-01-01Z');
INSERT INTO tenants_globalchange (id, model, row_id, verb, request_id, created_at)
VALUES (gen_random_uuid(), 'a.b', gen_random_uuid(), 'update', '', '2021-01-01Z');
INSERT INTO tenants_systemsettings (id, "values", version, updated_at)
VALUES ('00000000-0000-0000-0000-000000000001', '{}', 1, '2021-01-01Z');
"""


@pytest.fixture
def old(database: str, committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database from before, with rows in it, which owner's connections lead to."""
    with scratch_database(f"{database}_old", migrated=True) as name:
        assert settings.OWNER_DATABASE is not None
        monkeypatch.setitem(settings.OWNER_DATABASE, "NAME", name)
        migrate("0011")
        asked(OLD)
        yield


def migrate(to: str) -> None:
    with as_owner():
        call_command("migrate", "tenants", to, verbosity=0)


def asked(sql: str) -> list[tuple[object, ...]]:
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def files() -> list[tuple[object, ...]]:
    """Where the tables are kept: a table that is written anew is elsewhere."""
    return asked(
        f"SELECT t, pg_relation_filenode(t) FROM unnest('{{{','.join(TABLES)}}}'::text[]) t"
    )


@pytest.mark.slow  # migrations do not change once they are released
def test_old_rows_get_the_times_they_know_and_new_ones_keep_theirs(old, monkeypatch):
    before, history = files(), asked("SELECT count(*) FROM tenants_globalchange")
    migrate("0012")
    assert files() == before
    asked("INSERT INTO tenants_loginfailure (email, at) VALUES ('b@example.com', '2021-01-01Z')")
    monkeypatch.setattr(FILLING, "BATCH", 10)

    migrate("0013")

    dates = "extract(year FROM created_at)::int, extract(year FROM updated_at)::int"
    assert asked(f"SELECT DISTINCT {dates} FROM tenants_usersession") == [(2021, 2022)]
    assert asked(f"SELECT {dates} FROM tenants_globalchange WHERE model = 'a.b'") == [(2021, 2021)]
    assert asked(f"SELECT {dates} FROM tenants_systemsettings") == [(2021, 2021)]
    assert asked(f"SELECT slug, {dates} FROM tenants_tenantslug WHERE slug = 'old'") == [
        ("old", 2021, 2021)
    ]
    now = "created_at > '2025-01-01Z' AND updated_at > '2025-01-01Z'"
    assert asked(f"SELECT {now} FROM tenants_tenantslug WHERE slug = 'lost'") == [(True,)]
    assert asked(f"SELECT email, {now} FROM tenants_loginfailure ORDER BY email") == [
        ("a@example.com", False),
        ("b@example.com", True),
    ]
    assert asked("SELECT count(*) FROM tenants_globalchange") == history

    first = [asked(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES]
    migrate("0012")
    migrate("0013")
    assert [asked(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES] == first
