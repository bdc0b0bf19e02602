"""The schema document in Markdown: for each app a mermaid diagram and a section per table."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from tenants.management.tables import Relation, Table

_HEAD = """# The schema

`manage.py schema` generates this file from the models and a migrated database; a test fails if it
is out of date. The rules of a table are PostgreSQL's definitions. The comments are also in the
catalog (`\\d+ TABLE` in psql shows them), and a test compares them.

Every tenant's table has the column `tenant_id`. Its primary key, its unique constraints and its
foreign keys begin with it, and row security compares it with the tenant in force. The diagrams
leave it out. A dotted line is a reference without a foreign key in PostgreSQL: it would connect a
tenant's table and a global one. The defaults are those of the tables, so that plain SQL can insert
rows too; a default in italics exists in the application only. The application logs in as role app;
role inspector can read the same tables.
"""


def document(tables: Iterable[Table], others: dict[str, str]) -> str:
    """The text of the document, with a newline at its end."""
    sections = [_HEAD]
    for app, members in groupby(tables, key=attrgetter("app")):
        ours = list(members)
        sections.append(f"## {app}\n\n```mermaid\n{_diagram(ours)}\n```\n")
        sections += ["\n".join(_section(table)) for table in ours]
    rows = "\n".join(_row(f"`{name}`", may) for name, may in others.items())
    sections.append(
        "## Other tables: of Django, of libraries, and of many-to-many relations\n\n"
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
    """A relation in mermaid's notation, with the referenced model on the left."""
    one = "|o" if relation.null else "||"
    many = "o|" if relation.single else "o{"
    line = "--" if relation.enforced else ".."
    return f'{relation.to} {one}{line}{many} {model} : "{relation.name}"'


def _section(table: Table) -> Iterator[str]:
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
    return f"| {' | '.join(cell.replace('|', '\\|') for cell in cells)} |"
