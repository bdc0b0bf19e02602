"""The fenced blocks of a Markdown document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FILE = re.compile(r"(?:#|//|--) ((?:[\w-]+/)*[\w-]+\.\w+)(, continued)?")


@dataclass(frozen=True, slots=True)
class Block:
    """The text between two fences, with the `language` and the `options` of the first."""

    line: int
    language: str
    options: tuple[str, ...]
    text: str

    @property
    def file(self) -> tuple[str, bool] | None:
        """The file that the first line names, and whether the block continues it."""
        match = _FILE.fullmatch(self.text.partition("\n")[0])
        return (match[1], match[2] is not None) if match else None


def blocks_of(path: Path) -> Iterator[Block]:
    """The blocks of a document in order. Raises ValueError for a fence without an end."""
    begun: tuple[int, str] | None = None
    held: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("```"):
            held.append(line)
        elif begun is None:
            begun, held = (number, line.removeprefix("```")), []
        else:
            language, *options = begun[1].split() or [""]
            yield Block(begun[0], language, tuple(options), "\n".join(held) + "\n")
            begun = None
    if begun is not None:
        raise ValueError(f"the fence in line {begun[0]} has no end")
