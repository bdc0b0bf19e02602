"""The document of the schema: what the models say, what the catalog says, and a diagram."""

import re
from copy import copy

import pytest
from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import Lower

from budgets.models import Bucket, Budget
from tenants.models import TenantSlug
from tenants.postgres.base import as_owner
from tenants.schema.tables import tables
from tenants.schema.words import columns_of, condition, expression
from tests.command_line import manage

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


def test_the_document_is_what_the_models_say():
    """No database: the test may not use one."""
    ran = manage("schema", "--check")

    assert (ran.code, ran.err) == (0, "")


def test_a_document_that_is_not_is_refused_until_it_is_written(tmp_path):
    file = tmp_path / "schema.md"
    for text in (None, DOCUMENT.read_text() + "\n"):
        if text is not None:
            file.write_text(text)
        ran = manage("schema", "--check", "--file", str(file))
        assert (ran.code, ran.err.strip()) == (
            1, "schema.md is not what the models say: run manage.py schema"
        )  # fmt: skip

    manage("schema", "--file", str(file))

    assert file.read_text() == DOCUMENT.read_text()
    assert manage("schema", "--check", "--file", str(file)).code == 0


def test_make_check_compares_it():
    recipe = (settings.BASE_DIR / "Makefile").read_text().split("\ncheck:")[1]

    assert "schema --check" in recipe.split("\n\n")[0]


def test_the_catalog_has_the_comments_that_the_document_has(committed):
    said = written()
    with connection.cursor() as cursor:
        cursor.execute(COMMENTS, [list(said)])
        rows = cursor.fetchall()

    found = {}
    for table, of_table, column, of_column, null in rows:
        found.setdefault(table, (of_table, {}))[1][column] = (of_column, null)
    assert found == said
    assert len(said) == len(tables()) > 10


def test_every_table_has_a_comment_and_every_column_whose_name_does_not_say_it():
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


def test_the_diagrams_are_of_tables_and_relations_between_them():
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


def test_it_can_be_had_as_json():
    answer = manage("schema", "--json").json

    [bucket] = [table for table in answer["tables"] if table["name"] == "budgets_bucket"]
    [balance] = [column for column in bucket["columns"] if column["name"] == "balance"]
    assert (balance["type"], balance["null"], balance["default"]) == ("bigint", False, "0")
    assert "balance" in bucket["app_may"]
    assert answer["others"]["auth_group"] == "SELECT, INSERT, UPDATE, DELETE"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Q(name="a", target=None), "name = 'a' and target is none"),
        (Q(budget__isnull=False) | ~Q(locked=True), "budget_id is given or not (locked = true)"),
        (
            Q(name="a") & (Q(kind="b") | Q(version__lt=3)),
            "name = 'a' and (kind = 'b' or version < 3)",
        ),
        (Q(kind__in=["a", "b"]), "kind is one of 'a', 'b'"),
        (Q(balance=F("version") + F("last_seq")), "balance = version + last_seq"),
        (Q(balance__gte=-F("version")), "balance >= -version"),
        (Q(name=Lower("name")), "name = lower(name)"),
        (Q(name__iexact="a"), "name iexact 'a'"),
    ],
)  # fmt: skip
def test_conditions_read_as_words(given, said):
    assert condition(given, columns_of(Bucket)) == said


def test_an_index_may_descend():
    assert expression(F("name").desc(), columns_of(Bucket)) == "name descending"


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
def test_a_file_that_cannot_be_is_refused(words):
    manage("schema", *words).assert_refused("bad_file")


def test_a_file_that_is_no_text_is_not_what_the_models_say(tmp_path):
    (tmp_path / "schema.md").write_bytes(b"\xff")

    assert manage("schema", "--check", "--file", tmp_path / "schema.md").code == 1
