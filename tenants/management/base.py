"""The base of the project's commands: help with examples, JSON, tables and progress."""

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any, ClassVar, override

from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter

if TYPE_CHECKING:
    from rich.progress import Progress


class _HelpFormatter(DjangoHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Django's formatter, which keeps the line breaks of the examples."""


def _epilog(examples: str) -> str | None:
    return f"examples:\n{examples.strip(chr(10))}" if examples else None


class Command(BaseCommand):
    """A command with `examples` at the end of its `--help`; raise a CodedError for bad input."""

    examples: ClassVar[str] = ""

    @override
    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs = {"epilog": _epilog(self.examples), "formatter_class": _HelpFormatter} | kwargs
        return super().create_parser(prog_name, subcommand, **kwargs)

    @staticmethod
    def add_verb(verbs: Any, name: str, help: str, examples: str = "") -> argparse.ArgumentParser:
        """Add a parser for one verb of a command, with examples at the end of its `--help`."""
        parser: argparse.ArgumentParser = verbs.add_parser(
            name,
            help=help,
            description=f"{help[:1].upper()}{help[1:]}.",
            epilog=_epilog(examples),
            formatter_class=_HelpFormatter,
        )
        return parser

    def print_json(self, value: object) -> None:
        """Write `value` as JSON, with ids and dates as text."""
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str))

    def progress(self) -> "Progress":
        """A progress bar on stderr for a `with` block; nothing if stderr is not a terminal."""
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        # By default rich redirects stdout to the terminal too, and with it `--json > file`.
        return Progress(
            console=console, transient=True, redirect_stdout=False, disable=not console.is_terminal
        )

    def print_rich(self, *renderables: object, sep: str = " ") -> None:
        """Write tables and text through rich, with the width of COLUMNS or else of the terminal.

        In a pipe the width is 100 columns. A table that does not fit is shown row by row.
        """
        from rich.console import Console
        from rich.table import Table

        from tenants.management.table_layout import fit_table

        stream = getattr(self.stdout, "_out", sys.stdout)
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isdecimal() and len(columns) < 5 else 0
        # User input is shown unchanged, with its [brackets] and :colons:.
        plain: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False}
        console = Console(file=stream, width=width or (None if stream.isatty() else 100), **plain)
        shown = (
            fit_table(each, console) if isinstance(each, Table) else each for each in renderables
        )
        console.print(*shown, sep=sep)
