"""Write docs/commands.md from what every command of ours says of itself with --help.

    make commands                                   # writes it
    .venv/bin/python scripts/commands.py --check    # exit code 1 unless it says the same

It is written from the commands' parsers and not from argparse's text, which differs from one
Python to the next. It needs no database.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "commands.md"
OURS = ("budgets", "tenants")
COMMON = 8
"""A flag that so many have, in the same words, is told once."""

type Parsers = dict[str, argparse.ArgumentParser]

HEAD = """\
# The commands

What `manage.py COMMAND --help` says, of each command that is ours. This file is written by
`make commands`; `make check` fails while it says something else. docs/operations.md has
the exit codes, and what holds for all commands.
"""


def main(words: list[str] | None = None) -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--file", type=Path, default=FILE, help="default: docs/commands.md")
    asked = parser.parse_args(words)
    text = document()
    if not asked.check:
        asked.file.write_text(text, encoding="utf-8")
        return 0
    if asked.file.is_file() and asked.file.read_text(encoding="utf-8") == text:
        return 0
    print(f"{asked.file.name} is not what the commands say: run make commands", file=sys.stderr)
    return 1


def document() -> str:
    """All of it, as Markdown."""
    parsers = ours()
    listed = [f"- [{name}](#{name}): {_first(parser)}" for name, parser in parsers.items()]
    common = shared(parsers)
    sections = [line for name in parsers for line in section(name, parsers[name], common)]
    told = ["\n## Flags of many commands\n", *_rows(common)]
    return "\n".join([HEAD, *listed, *told, *sections]) + "\n"


def ours() -> Parsers:
    """Each command of ours by name, with its parser."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.core.management import get_commands, load_command_class

    django.setup()
    return {
        name: load_command_class(app, name).create_parser("manage.py", name)
        for name, app in sorted(get_commands().items())
        if app in OURS
    }


def shared(parsers: Parsers) -> list[tuple[str, str]]:
    """The flags that many commands and verbs have, in the same words, in the order they come."""
    told: Counter[tuple[str, str]] = Counter()
    for parser in parsers.values():
        for each in verbs_of(parser).values() or [parser]:
            told.update(row for action, row in arguments(each) if action.option_strings)
    return [row for row, many in told.items() if many >= COMMON]


def section(
    name: str, parser: argparse.ArgumentParser, common: Collection[tuple[str, str]], does: str = ""
) -> Iterator[str]:
    """A command, or a verb of one: what it does, its words, its flags, its examples."""
    yield f"\n{'###' if does else '##'} {name}\n"
    yield _unwrapped(parser.description) or does
    verbs, words = verbs_of(parser), list(arguments(parser))
    if not verbs:
        yield f"\n    manage.py {' '.join([name, *usage(parser, [each for each, _ in words])])}"
    if own := [row for _, row in words if row not in common]:
        yield ""
        yield from _rows(own)
    if also := [action.option_strings[-1] for action, row in words if row in common]:
        yield f"\nOf the flags of many commands: {', '.join(f'`{flag}`' for flag in also)}."
    for verb, its in verbs.items():
        yield from section(f"{name} {verb}", its, common, helps_of(parser)[verb])
    if parser.epilog and not any(its.epilog for its in verbs.values()):
        yield f"\n```sh\n{_examples(parser.epilog)}\n```"


def verbs_of(parser: argparse.ArgumentParser) -> Parsers:
    """The verbs of a command, each with its own parser."""
    found = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return {verb: its for each in found for verb, its in each.choices.items()}


def helps_of(parser: argparse.ArgumentParser) -> dict[str, str]:
    """What each verb of a command does, in a line."""
    found = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return {verb.dest: f"{verb.help}." for each in found for verb in each._choices_actions}


def arguments(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[argparse.Action, tuple[str, str]]]:
    """Each argument of a parser: how it is typed, and what it means."""
    for action in parser._actions:
        if shown(action) and not isinstance(action, argparse._SubParsersAction):
            yield action, (spelled(action), said(parser, action))


def shown(action: argparse.Action) -> bool:
    """Whether it is an argument of the command, and not one that Django gives to all."""
    return action.help != argparse.SUPPRESS and not djangos().intersection(action.option_strings)


@cache
def djangos() -> set[str]:
    """The flags that Django gives to all commands."""
    from django.core.management.base import BaseCommand

    everywhere = BaseCommand().create_parser("manage.py", "any")._actions
    return {name for each in everywhere for name in each.option_strings}


def usage(parser: argparse.ArgumentParser, words: list[argparse.Action]) -> Iterator[str]:
    """The arguments that must be there; the others are `[options]`."""
    grouped = {
        id(action): group
        for group in parser._mutually_exclusive_groups
        if group.required
        for action in group._group_actions
    }
    seen, optional = set(), False
    for action in sorted(words, key=lambda action: bool(action.option_strings)):
        if (group := grouped.get(id(action))) is not None:
            if id(group) not in seen:
                yield f"({' | '.join(spelled(each) for each in group._group_actions)})"
            seen.add(id(group))
        elif action.option_strings and not action.required:
            optional = True
        else:
            yield spelled(action)
    if optional:
        yield "[options]"


def spelled(action: argparse.Action) -> str:
    """An argument as it is typed: its flag, and what stands for its value."""
    value = "|".join(map(str, action.choices)) if action.choices else str(action.metavar or "")
    flags = ", ".join(action.option_strings)
    if not flags:
        value = value or action.dest.upper()
        return {"?": f"[{value}]", "*": f"[{value} ...]", "+": f"{value} ..."}.get(
            str(action.nargs), value
        )
    return flags if action.nargs == 0 else f"{flags} {value or action.dest.upper()}"


def said(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """What an argument means."""
    return _unwrapped((action.help or "") % (vars(action) | {"prog": parser.prog}))


def _rows(rows: Collection[tuple[str, str]]) -> Iterator[str]:
    yield "| argument | is |\n|---|---|"
    for row in rows:
        word, means = (cell.replace("|", "\\|") for cell in row)
        yield f"| `{word}` | {means} |"


def _first(parser: argparse.ArgumentParser) -> str:
    return _unwrapped(parser.description).partition(". ")[0].rstrip(".")


def _unwrapped(text: str | None) -> str:
    return " ".join((text or "").split())


def _examples(epilog: str) -> str:
    lines = epilog.removeprefix("examples:\n").splitlines()
    return "\n".join(line.removeprefix("  ") for line in lines)


if __name__ == "__main__":
    sys.exit(main())
