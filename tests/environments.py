"""Virtual environments with only the given packages."""

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
    """The requirements of the package without extras."""
    return list(PROJECT["dependencies"])


def extra(*names: str) -> list[str]:
    """The requirements of these extras."""
    return [each for name in names for each in PROJECT["optional-dependencies"][name]]


def dev() -> list[str]:
    """The requirements for development."""
    return list(PYPROJECT["dependency-groups"]["dev"])


def locked(file: str) -> list[str]:
    """The names of the packages of a lock file."""
    return re.findall(r"^([\w.-]+)==", (ROOT / file).read_text(), re.M)


def named(*requirements: str) -> list[Distribution]:
    """The installed packages of these requirements, with their dependencies."""
    left, seen = list(requirements), dict[str, Distribution]()
    while left:
        asked = Requirement(left.pop())
        for wanted in ("", *asked.extras):
            if (key := f"{asked.name}[{wanted}]") not in seen:
                seen[key] = distribution(asked.name)
                left += _required(seen[key], wanted)
    return list(seen.values())


def _required(package: Distribution, wanted: str) -> Iterator[str]:
    """The requirements of a package on this machine for one of its extras; '' is no extra."""
    for text in package.requires or []:
        marker = Requirement(text).marker
        if marker is None or marker.evaluate({"extra": wanted}):
            yield text.partition(";")[0]


class Environment:
    """A virtual environment in `folder`, with links to the installed packages beside it."""

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
