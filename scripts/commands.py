"""Generate docs/commands.md from the help of the project's commands.

    make commands                                   # writes the file
    .venv/bin/python scripts/commands.py --check    # exit code 1 if the file is out of date

The source is the commands' parsers and not the text of argparse, which differs between versions of
Python. The script needs no database.
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
"""A flag with the same text in so many commands and verbs is listed once."""

type Parsers = dict[str, argparse.ArgumentParser]

HEAD = """\
# The commands

The help of the project's commands, as in `manage.py COMMAND --help`. `make commands` generates this
file, and `make check` fails if it is out of date. docs/operations.md describes the exit codes and
the rules for all commands.
"""


def main(words: list[str] | None = None) -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; compare the file")
    parser.add_argument("--file", type=Path, default=FILE, help="the file (docs/commands.md)")
    options = parser.parse_args(words)
    text = document()
    if not options.check:
        options.file.write_text(text, encoding="utf-8")
        return 0
    if options.file.is_file() and options.file.read_text(encoding="utf-8") == text:
        return 0
    print(f"{options.file.name} is out of date: run make commands", file=sys.stderr)
    return 1


def document() -> str:
    """The document as Markdown."""
    parsers = ours()
    contents = [f"- [{name}](#{name}): {_first(parser)}" for name, parser in parsers.items()]
    common = shared(parsers)
    sections = [line for name in parsers for line in section(name, parsers[name], common)]
    flags = ["\n## Flags of many commands\n", *_rows(common)]
    return "\n".join([HEAD, *contents, *flags, *sections]) + "\n"


def ours() -> Parsers:
    """The parsers of the project's commands, by name."""
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
    """The flags that many commands and verbs have with the same text, in order of appearance."""
    counts: Counter[tuple[str, str]] = Counter()
    for parser in parsers.values():
        for each in verbs_of(parser).values() or [parser]:
            counts.update(row for action, row in arguments(each) if action.option_strings)
    return [row for row, count in counts.items() if count >= COMMON]


def section(
    name: str, parser: argparse.ArgumentParser, common: Collection[tuple[str, str]], does: str = ""
) -> Iterator[str]:
    """The section of a command or a verb: description, usage, arguments, examples."""
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
    """The verbs of a command, each with its parser."""
    actions = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return {verb: its for each in actions for verb, its in each.choices.items()}


def helps_of(parser: argparse.ArgumentParser) -> dict[str, str]:
    """The one-line help of each verb of a command."""
    actions = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return {
        verb.dest: f"{(verb.help or '')[:1].upper()}{(verb.help or '')[1:]}."
        for each in actions
        for verb in each._choices_actions
    }


def arguments(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[argparse.Action, tuple[str, str]]]:
    """The arguments of a parser, each with its spelling and its meaning."""
    for action in parser._actions:
        if shown(action) and not isinstance(action, argparse._SubParsersAction):
            yield action, (spelled(action), meaning(parser, action))


def shown(action: argparse.Action) -> bool:
    """Whether the argument belongs to the command itself and not to all commands of Django."""
    return action.help != argparse.SUPPRESS and not djangos().intersection(action.option_strings)


@cache
def djangos() -> set[str]:
    """The flags of all commands of Django."""
    from django.core.management.base import BaseCommand

    everywhere = BaseCommand().create_parser("manage.py", "any")._actions
    return {name for each in everywhere for name in each.option_strings}


def usage(parser: argparse.ArgumentParser, words: list[argparse.Action]) -> Iterator[str]:
    """The required arguments; the others are `[options]`."""
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
    """An argument in the notation of usage: its flag and a placeholder of its value."""
    value = "|".join(map(str, action.choices)) if action.choices else str(action.metavar or "")
    flags = ", ".join(action.option_strings)
    if not flags:
        value = value or action.dest.upper()
        return {"?": f"[{value}]", "*": f"[{value} ...]", "+": f"{value} ..."}.get(
            str(action.nargs), value
        )
    return flags if action.nargs == 0 else f"{flags} {value or action.dest.upper()}"


def meaning(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """The help of an argument in one line."""
    return _unwrapped((action.help or "") % (vars(action) | {"prog": parser.prog}))


def _rows(rows: Collection[tuple[str, str]]) -> Iterator[str]:
    yield "| argument | meaning |\n|---|---|"
    for row in rows:
        spelling, text = (cell.replace("|", "\\|") for cell in row)
        yield f"| `{spelling}` | {text} |"


def _first(parser: argparse.ArgumentParser) -> str:
    return _unwrapped(parser.description).partition(". ")[0].rstrip(".")


def _unwrapped(text: str | None) -> str:
    return " ".join((text or "").split())


def _examples(epilog: str) -> str:
    lines = epilog.removeprefix("examples:\n").splitlines()
    return "\n".join(line.removeprefix("  ") for line in lines)


if __name__ == "__main__":
    sys.exit(main())
