"""What the project's commands share: help with examples, and `--json`."""

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any, ClassVar, override

from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter

if TYPE_CHECKING:
    from rich.progress import Progress


class _HelpFormatter(DjangoHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Django's help, with the examples left as they were typed."""


def _epilog(examples: str) -> str | None:
    return f"examples:\n{examples.strip(chr(10))}" if examples else None


class Command(BaseCommand):
    """A command whose `--help` ends with `examples`; raise a CodedError for bad input."""

    examples: ClassVar[str] = ""

    @override
    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs = {"epilog": _epilog(self.examples), "formatter_class": _HelpFormatter} | kwargs
        return super().create_parser(prog_name, subcommand, **kwargs)

    @staticmethod
    def add_verb(verbs: Any, name: str, help: str, examples: str = "") -> argparse.ArgumentParser:
        """A parser for one verb of a command, whose `--help` ends with examples of its own."""
        parser: argparse.ArgumentParser = verbs.add_parser(
            name,
            help=help,
            description=f"{help[:1].upper()}{help[1:]}.",
            epilog=_epilog(examples),
            formatter_class=_HelpFormatter,
        )
        return parser

    def print_json(self, value: object) -> None:
        """Write `value` as JSON; ids and dates become text."""
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str))

    def progress(self) -> "Progress":
        """A progress bar on stderr for the time of a `with` block; silent in a pipe."""
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        # Left alone, rich would lead stdout to the terminal too, and a `--json > file` with it.
        return Progress(
            console=console, transient=True, redirect_stdout=False, disable=not console.is_terminal
        )

    def print_rich(self, *renderables: object, sep: str = " ") -> None:
        """Write tables and text through rich, as wide as COLUMNS says, or else the terminal.

        100 columns in a pipe. What does not fit into a table is shown row by row.
        """
        from rich.console import Console
        from rich.table import Table

        from tenants.management.fitting import fitted

        stream = getattr(self.stdout, "_out", sys.stdout)
        said = os.environ.get("COLUMNS", "")
        width = int(said) if said.isdecimal() and len(said) < 5 else 0
        # What people typed is shown as they typed it, [brackets] and :colons: included.
        plain: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False}
        console = Console(file=stream, width=width or (None if stream.isatty() else 100), **plain)
        shown = (fitted(each, console) if isinstance(each, Table) else each for each in renderables)
        console.print(*shown, sep=sep)
