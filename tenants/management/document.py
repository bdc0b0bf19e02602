"""The document: a diagram for each app, then a section for each table. Markdown and mermaid."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from tenants.management.tables import Relation, Table

_HEAD = """# The schema

Written by `manage.py schema` from the models and a migrated database; a test fails when it is not
what they say. The rules of a table are PostgreSQL's own definitions. The comments are in the
catalog too (`\\d+ TABLE` in psql shows them), and a test compares them.

Every tenant's table has `tenant_id`, which begins its primary key, its uniques and its foreign
keys, and which row security holds to the tenant in force; so the diagrams leave it out. A dotted
line is a reference that PostgreSQL does not enforce, since it would join tenants' rows and global
ones. Defaults are the tables' own, so that plain SQL can insert too; what only the application
fills in is in italics. Role app is what the application logs in as; role inspector reads the same
tables.
"""


def document(tables: Iterable[Table], others: dict[str, str]) -> str:
    """The whole text; ends with a newline."""
    sections = [_HEAD]
    for app, members in groupby(tables, key=attrgetter("app")):
        ours = list(members)
        sections.append(f"## {app}\n\n```mermaid\n{_diagram(ours)}\n```\n")
        sections += [_section(table) for table in ours]
    rows = "\n".join(_row(f"`{name}`", may) for name, may in others.items())
    sections.append(
        "## Other tables: Django's, libraries', and links of many to many\n\n"
        f"{_row('table', 'role app may')}\n{_row('---', '---')}\n{rows}\n"
    )
    return "\n".join(sections)


def _diagram(tables: list[Table]) -> str:
    lines = ["erDiagram"]
    for table in tables:
        lines.append(f"    {table.model}")
        lines += [f"    {_drawn(table.model, relation)}" for relation in table.relations]
    return "\n".join(lines)


def _drawn(model: str, relation: Relation) -> str:
    """A relation in mermaid's signs: who is pointed at stands on the left."""
    one = "|o" if relation.null else "||"
    many = "o|" if relation.single else "o{"
    line = "--" if relation.enforced else ".."
    return f'{relation.to} {one}{line}{many} {model} : "{relation.name}"'


def _section(table: Table) -> str:
    return "\n".join(_lines(table))


def _lines(table: Table) -> Iterator[str]:
    yield f"### {table.name}\n\n{table.comment}\n"
    yield _row("column", "type", "null", "default", "references", "comment")
    yield _row(*["---"] * 6)
    for column in table.columns:
        null = "yes" if column.null else ""
        yield _row(
            f"`{column.name}`", column.type, null, column.default, column.references, column.comment
        )
    yield "\n```sql"
    yield from table.rules
    yield f"```\n\nRole app may: {table.app_privileges}\n"


def _row(*cells: str) -> str:
    said = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(said)} |"
