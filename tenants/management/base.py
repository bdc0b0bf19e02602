"""The base of the project's commands: help with examples, JSON, tables and progress."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, override

from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter

from tenants.management.declarations import Argument, Verb, add_all, examples_of

if TYPE_CHECKING:
    from rich.progress import Progress


type Report = tuple[Any, ...]
"""A value for programs, then the tables and lines for people."""


class _HelpFormatter(DjangoHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Django's formatter, which keeps the line breaks of the examples."""


def _epilog(examples: str) -> str | None:
    return f"examples:\n{examples.strip(chr(10))}" if examples else None


class Command(BaseCommand):
    """A command with `examples` at the end of its `--help`; raise a CodedError for bad input."""

    examples: ClassVar[str] = ""
    arguments: ClassVar[Sequence[Argument]] = ()
    """The arguments of the command, or of each of its verbs after the verb's own."""
    verbs: ClassVar[Mapping[str, Verb]] = {}

    @override
    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs = {"epilog": _epilog(self.examples), "formatter_class": _HelpFormatter} | kwargs
        return super().create_parser(prog_name, subcommand, **kwargs)

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        if not self.verbs:
            add_all(self.arguments, parser)
            return
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="|".join(self.verbs))
        for name, verb in self.verbs.items():
            subparser = verbs.add_parser(
                name,
                help=verb.help,
                description=f"{verb.help[:1].upper()}{verb.help[1:]}.",
                epilog=_epilog(examples_of(name, self.examples)),
                formatter_class=_HelpFormatter,
            )
            add_all([*verb.arguments, *self.arguments], subparser)

    def print_report(self, as_json: bool, report: Report) -> None:
        """Write the value of a report as JSON, or its tables and lines for people."""
        value, *shown = report
        if as_json:
            self.print_json(value)
            return
        for each in shown:
            if isinstance(each, str):
                self.stdout.write(each)  # unchanged, because rich breaks long lines
            else:
                self.print_rich(each)

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
