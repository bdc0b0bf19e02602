"""A process of the temporary environment, which answers one request after the other."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"


def make_environment(folder: Path) -> Path:
    """A virtual environment with the exact releases of requirements.txt: its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(  # noqa: S603
        [str(python), *command, "--require-hashes", "--requirement", str(REQUIREMENTS)], check=True
    )
    return python


class PeerProcess:
    """The project of one package on a database of the server."""

    def __init__(self, python: Path, folder: Path, peer: str, socket: str, user: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            [str(python), "worker.py"],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "DJANGO_SETTINGS_MODULE": "settings",
                "PEER": peer,
                "PEER_DATABASE": f"peer_{peer}",
                "PEER_USER": user,
                "PEER_SOCKET": socket,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            text=True,
        )

    def __call__(self, name: str, *arguments: Any) -> Any:
        """Ask for the result of a function of `project/worker.py`. Raises RuntimeError."""
        requests, answers = self._process.stdin, self._process.stdout
        if requests is None or answers is None:
            raise RuntimeError("the process has no pipes")
        requests.write(json.dumps([name, arguments]) + "\n")
        requests.flush()
        for line in answers:
            if line.startswith("answer "):
                return json.loads(line.removeprefix("answer "))
        raise RuntimeError(f"{name}: the process has ended")

    def end(self) -> None:
        """Close its input, at which it ends."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
