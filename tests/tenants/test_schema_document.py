"""The document of the schema: what the models say, what the catalog says, and a diagram."""

import re
from copy import copy
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models

from budgets.models import Bucket, Budget
from tenants.management.tables import tables
from tenants.models import TenantSlug
from tenants.postgres.base import as_owner
from tenants.schema.comments import is_commented
from tenants.schema.constraints import Grants, RowSecurity
from tenants.schema.defaults import Defaults
from tests.command_line import manage
from tests.server import scratch_database
from tests.tenants.schema import altered, logged_in

DOCUMENT = settings.BASE_DIR / "docs" / "schema.md"
RELATION = re.compile(r'    (\w+) (?:\|\||\|o)(?:--|\.\.)(?:o\||o\{) (\w+) : "\w+"')

SPEAK_FOR_THEMSELVES = {
    "id", "tenant_id", "created_at", "updated_at", "name", "first_name", "last_name", "password",
    "last_login", "budget_id", "bucket_id", "movement_id", "schedule_id", "statement_id",
}  # fmt: skip

COMMENTS = """
SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''), a.attname,
    coalesce(col_description(c.oid, a.attnum), ''), NOT a.attnotnull
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relname = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped
"""


def written() -> dict[str, tuple[str, dict[str, tuple[str, bool]]]]:
    """What the file says: table -> its comment, and column -> its comment and whether NULL."""
    said = {}
    for section in DOCUMENT.read_text().split("\n### ")[1:]:
        table, _, comment, *lines = section.partition("\n## ")[0].splitlines()
        rows = [line[2:-2].split(" | ") for line in lines if line.startswith("| `")]
        columns = {row[0].strip("`"): (row[5].strip(), row[2] == "yes") for row in rows}
        said[table] = (comment, columns)
    return said


def test_the_document_is_what_models_and_database_say(committed):
    ran = manage("schema", "--check")

    assert (ran.code, ran.err) == (0, "")


def test_a_document_that_is_not_is_refused_until_it_is_written(committed, tmp_path):
    file = tmp_path / "schema.md"
    for text in (None, DOCUMENT.read_text() + "\n"):
        if text is not None:
            file.write_text(text)
        ran = manage("schema", "--check", "--file", str(file))
        assert (ran.code, ran.err.strip()) == (
            1,
            "schema.md is out of date: run manage.py schema",
        )

    manage("schema", "--file", str(file))

    assert file.read_text() == DOCUMENT.read_text()
    assert manage("schema", "--check", "--file", str(file)).code == 0


def test_the_catalog_has_the_comments_that_the_document_has(committed):
    said = written()
    with connection.cursor() as cursor:
        cursor.execute(COMMENTS, [list(said)])
        rows = cursor.fetchall()

    found: dict[str, tuple[Any, dict[str, Any]]] = {}
    for table, of_table, column, of_column, null in rows:
        found.setdefault(table, (of_table, {}))[1][column] = (of_column, null)
    assert found == said
    assert len(said) == len(tables()) > 10


def test_every_table_has_a_comment_and_every_column_whose_name_does_not_say_it(committed):
    silent = {
        f"{table.name}.{column.name}"
        for table in tables()
        for column in table.columns
        if not column.comment and column.name not in SPEAK_FOR_THEMSELVES
    }

    assert silent == set()
    assert [table.name for table in tables() if not table.comment] == []


def test_every_table_of_the_database_is_in_the_document(committed):
    text = DOCUMENT.read_text()

    examples = ("forms_", "shop_")
    for table in connection.introspection.table_names():
        if table.startswith(examples):
            continue
        assert f"### {table}\n" in text or f"| `{table}` |" in text


def test_rules_are_postgresqls_own_definitions(committed):
    table = "ALTER TABLE budgets_bucket"
    with altered(
        f"{table} ADD CONSTRAINT few CHECK (balance < 5) NOT VALID", f"{table} DROP CONSTRAINT few"
    ):
        ran = manage("schema", "--check")
        [bucket] = [each for each in tables() if each.name == "budgets_bucket"]

    assert ran.code == 1
    assert [rule for rule in bucket.rules if " few " in rule] == [
        "CONSTRAINT few CHECK (balance < 5) NOT VALID"
    ]


def test_every_default_of_a_table_is_in_the_document_and_what_only_the_application_fills_in():
    text = DOCUMENT.read_text()
    bucket = text.partition("### budgets_bucket\n")[2].partition("\n### ")[0]

    for column, default in (
        ("id", "uuidv7()"),
        ("tenant_id", "*current_tenant_id*"),
        ("updated_at", "now()"),
        ("locked", "false"),
        ("kind", "'envelope'"),
        ("name", ""),
    ):
        assert re.search(rf"^\| `{column}` \|[^|]*\|[^|]*\| {re.escape(default)} \|", bucket, re.M)


def test_every_rule_that_a_model_declares_is_in_the_document():
    text = DOCUMENT.read_text()

    for model in filter(is_commented, apps.get_models()):
        for rule in (*model._meta.constraints, *model._meta.indexes):
            if not isinstance(rule, Defaults | Grants | RowSecurity):
                assert re.search(rf"^C.* {rule.name} ", text, re.M), rule.name
        if any(isinstance(rule, RowSecurity) for rule in model._meta.constraints):
            assert f"CREATE POLICY tenant_isolation ON {model._meta.db_table} " in text


def test_a_database_that_is_not_migrated_is_refused(committed, database):
    with scratch_database(f"{database}_empty") as name, logged_in(NAME=name):
        manage("schema", "--check").assert_refused("not_migrated", "manage.py migrate")


def test_the_diagrams_are_of_tables_and_relations_between_them(committed):
    diagrams = re.findall(r"```mermaid\nerDiagram\n(.*?)\n```", DOCUMENT.read_text(), re.S)

    drawn = {table.model for table in tables()}
    for diagram in diagrams:
        for line in diagram.splitlines():
            related = RELATION.fullmatch(line)
            ends = set(related.groups()) if related else {line.removeprefix("    ")}
            assert ends <= drawn
    assert len(diagrams) == 2


def test_a_relation_shows_who_may_be_missing_and_who_is_not_enforced():
    text = DOCUMENT.read_text()

    for drawn in (
        'Budget ||--o{ Bucket : "budget"',
        'Movement |o--o| Movement : "reverses"',
        'User ||..o{ Membership : "user"',
    ):
        assert f"    {drawn}\n" in text


def test_it_can_be_had_as_json(committed):
    answer = manage("schema", "--json").json

    [bucket] = [table for table in answer["tables"] if table["name"] == "budgets_bucket"]
    [balance] = [column for column in bucket["columns"] if column["name"] == "balance"]
    assert (balance["type"], balance["null"], balance["default"]) == ("bigint", False, "0")
    assert "balance" in bucket["app_privileges"]
    assert answer["others"]["auth_group"] == "SELECT, INSERT, UPDATE, DELETE"


@pytest.mark.parametrize(
    ("model", "name"), [(Bucket, "balance"), (TenantSlug, "holder"), (Budget, "id")]
)
def test_a_new_comment_alters_nothing_else(committed, model, name):
    """Of columns, too, that a trigger, a policy or a key would not let be altered."""
    old = model._meta.get_field(name)
    new = copy(old)
    new.db_comment = "for a while"
    with as_owner() as owner:
        with owner.schema_editor(collect_sql=True) as editor:
            editor.alter_field(model, old, new)
        with owner.schema_editor() as executed:
            executed.alter_field(model, old, new)
            executed.alter_field(model, new, old)

    table = model._meta.db_table
    assert editor.collected_sql == [f'COMMENT ON COLUMN "{table}"."{name}" IS \'for a while\';']


def test_a_column_that_gets_another_name_and_comment_has_both(committed):
    old = Budget._meta.get_field("exponent")
    new = models.SmallIntegerField(db_comment="of ten")
    new.set_attributes_from_name("decimals")
    new.model = Budget
    with as_owner() as owner, owner.schema_editor(collect_sql=True) as editor:
        editor.alter_field(Budget, old, new)

    rename, comment = editor.collected_sql
    assert 'RENAME COLUMN "exponent" TO "decimals"' in rename
    assert comment == 'COMMENT ON COLUMN "budgets_budget"."decimals" IS \'of ten\';'


@pytest.mark.parametrize("words", [["--file", "/"], ["--file", "a" * 5000]])
def test_a_file_that_cannot_be_is_refused(committed, words):
    manage("schema", *words).assert_refused("bad_file")


def test_a_file_that_is_no_text_is_not_what_the_models_say(committed, tmp_path):
    (tmp_path / "schema.md").write_bytes(b"\xff")

    assert manage("schema", "--check", "--file", tmp_path / "schema.md").code == 1
