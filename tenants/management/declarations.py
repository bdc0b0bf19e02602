"""Declarations of the arguments and the verbs of commands.

An argument is declared once, as a function that adds it to a parser. Commands list their arguments
in the order of their help.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

type Argument = Callable[[Any], object]
"""Adds one argument to a parser or to a group of a parser."""


def argument(name: str, help: str, metavar: str | None = None, **options: Any) -> Argument:
    """An argument with a value; `options` are those of argparse's `add_argument`."""
    return lambda parser: parser.add_argument(name, help=help, metavar=metavar, **options)


def flag(name: str, help: str) -> Argument:
    """An option without a value, False by default."""
    return lambda parser: parser.add_argument(name, help=help, action="store_true")


def one_of(*arguments: Argument, required: bool = False) -> Argument:
    """Arguments that exclude each other."""

    def add(parser: Any) -> None:
        add_all(arguments, parser.add_mutually_exclusive_group(required=required))

    return add


def group(title: str, description: str, *arguments: Argument) -> Argument:
    """Arguments under a heading of their own."""
    return lambda parser: add_all(arguments, parser.add_argument_group(title, description))


def add_all(arguments: Sequence[Argument], parser: Any) -> None:
    """Add the arguments to a parser or to a group of a parser."""
    for add in arguments:
        add(parser)


def parse_or_raise[T](parse: Callable[[str], T], text: str, refusal: Exception) -> T:
    """The value that `parse` makes of the text. Raises `refusal` instead of a ValueError."""
    try:
        return parse(text)
    except ValueError as error:
        raise refusal from error


@dataclass(frozen=True, slots=True)
class Verb:
    """One subcommand: its help, the function that runs it, and its arguments.

    Its examples are those of the command that use the verb.
    """

    help: str
    run: Callable[..., Any]
    arguments: Sequence[Argument] = ()


def examples_of(verb: str, examples: str) -> str:
    r"""The examples of one verb, with their continued lines.

    >>> examples_of("list", "\n  manage.py user show ana\n  manage.py user list --json\n")
    '  manage.py user list --json'
    """
    return "\n".join(re.findall(rf".*manage\.py \S+ {verb}\b(?:.*\\\n)*.*", examples))


JSON = flag("--json", "print JSON")
TENANT = argument("--tenant", "slug of the tenant", "SLUG", required=True)
ONE_TENANT = argument("--tenant", "only this tenant", "SLUG")
