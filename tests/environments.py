"""Environments that have less than the tests' own: only the packages that are named."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]


def core() -> list[str]:
    """What the package asks for without any extra."""
    return list(PROJECT["dependencies"])


def extra(*names: str) -> list[str]:
    """What these extras ask for."""
    return [each for name in names for each in PROJECT["optional-dependencies"][name]]


def dev() -> list[str]:
    """What developers need."""
    return list(PYPROJECT["dependency-groups"]["dev"])


def locked(file: str) -> list[str]:
    """The names of the packages of a lock file."""
    return re.findall(r"^([\w.-]+)==", (ROOT / file).read_text(), re.M)


def named(*requirements: str) -> list[Distribution]:
    """The packages of these requirements and all that those require, as they are installed."""
    left, seen = list(requirements), dict[str, Distribution]()
    while left:
        asked = Requirement(left.pop())
        for wanted in ("", *asked.extras):
            if (key := f"{asked.name}[{wanted}]") not in seen:
                seen[key] = distribution(asked.name)
                left += _required(seen[key], wanted)
    return list(seen.values())


def _required(package: Distribution, wanted: str) -> Iterator[str]:
    """What a package requires on this machine for one of its extras; '' is for none."""
    for text in package.requires or []:
        marker = Requirement(text).marker
        if marker is None or marker.evaluate({"extra": wanted}):
            yield text.partition(";")[0]


class Environment:
    """A virtual environment in `folder`; beside it the packages, as links to where they are."""

    def __init__(self, folder: Path, packages: Iterable[Distribution]) -> None:
        venv = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
        subprocess.run(venv, check=True, timeout=60)
        self.python = str(folder / "bin" / "python")
        links = folder / "links"
        links.mkdir()
        for package in packages:
            for name in {file.parts[0] for file in package.files or []} - {"..", "__pycache__"}:
                if not (links / name).exists():
                    (links / name).symlink_to(Path(str(package.locate_file(name))))
        [site] = folder.glob("lib/python*/site-packages")
        (site / "links.pth").write_text(f"{links}\n")
