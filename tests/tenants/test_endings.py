"""How commands end when nobody reads on, nothing can be written, or somebody presses Ctrl-C."""

import errno
import os
import signal
import subprocess
import sys
from functools import partial

import pytest

from budgets.models import Movement
from tenants.context import acting_for
from tenants.management.exit_codes import exit_code_of
from tests.budgets.paydays import until_waiting
from tests.command_line import ROOT, app_url
from tests.factories import BudgetFactory

DUMP = ["dumpdata", "auth.permission"]
WITHOUT_STDOUT = """
import os, sys
os.close(1)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
SIGNALS_ITSELF = """
import atexit, builtins, os, runpy, signal, sys
kill, when, real = lambda: os.kill(os.getpid(), signal.SIGINT), sys.argv[1], builtins.__import__

def at(name, *rest, **more):
    if name == when:
        kill()
    return real(name, *rest, **more)

if when == "the end":
    atexit.register(kill)
builtins.__import__ = at
sys.argv[:] = ["manage.py", *sys.argv[2:]]
runpy.run_path("manage.py", run_name="__main__")
"""

pytestmark = pytest.mark.usefixtures("committed")


def start(*words: str, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **more):
    """A program of Python in a process of its own, on the tests' database."""
    given = more.pop("env", {"PYTHONUNBUFFERED": ""})
    environ = {**os.environ, "DATABASE_URL": app_url(), **given}
    return subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, env=environ, text=True,
        stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, **more,
    )  # fmt: skip


manage = partial(start, "manage.py")


def ending(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code, and what it wrote to stderr."""
    _, err = process.communicate(timeout=60)
    return process.returncode, err


@pytest.mark.parametrize(
    ("words", "unbuffered", "said"),
    [
        (["tenant", "list"], "1", ""),
        (["help"], "", ""),
        (DUMP, "1", "CommandError: Unable to serialize database: [Errno 32] Broken pipe\n"),
    ],
)
def test_a_reader_who_goes_away_is_no_error(words, unbuffered, said):
    process = manage(*words, env={"PYTHONUNBUFFERED": unbuffered})
    process.stdout.close()
    process.stdout = None

    assert ending(process) == (141, said)


@pytest.mark.parametrize("words", [["tenant", "list"], DUMP])
def test_a_full_device_is_one_line(words):
    with open("/dev/full", "w") as full:
        code, err = ending(manage(*words, stdout=full))

    assert (code, err.splitlines()[-1]) == (74, "error [output_failed]: No space left on device")
    assert "Traceback" not in err


def test_what_is_printed_to_a_closed_stdout_goes_nowhere(tenant):
    with acting_for(tenant):
        BudgetFactory(name="Household")
    words = ["manage.py", "deposit", "--tenant", tenant.slug, "--budget", "Household", "5"]

    assert ending(start("-c", WITHOUT_STDOUT, *words)) == (0, "")

    with acting_for(tenant):
        assert Movement.objects.get().amount == 5_00


@pytest.mark.parametrize("when", ["tenants.management", "budgets.models", "the end"])
def test_ctrl_c_while_it_begins_or_ends_is_quiet(when):
    code, err = ending(start("-c", SIGNALS_ITSELF, when, "tenant", "list"))

    assert (code in (-signal.SIGINT, 130), err) == (True, "")


def test_ctrl_c_while_it_waits_for_the_database_writes_nothing(tenant):
    with acting_for(tenant):
        budget = BudgetFactory(name="Household")
    with acting_for(tenant):
        budget.acquire()
        process = manage("deposit", "--tenant", tenant.slug, "--budget", "Household", "5")
        until_waiting(1)
        process.send_signal(signal.SIGINT)
        code, err = ending(process)

    assert (code, "Traceback" in err) == (130, False)

    with acting_for(tenant):
        assert not Movement.objects.exists()


class TestEnded:
    """In this process."""

    def raising(self, error: BaseException) -> int:
        def work() -> int:
            raise error

        return exit_code_of(work)

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (KeyboardInterrupt(), 130),
            (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141),
            (OSError(errno.ENOSPC, "No space left on device"), 74),
        ],
    )
    def test_has_an_exit_code_for_each(self, error, code):
        assert self.raising(error) == code

    @pytest.mark.parametrize(
        "error",
        [
            OSError(errno.ENOSPC, "No space left on device", "out.json"),
            ConnectionResetError(errno.ECONNRESET, "reset"),
            ValueError(),
            SystemExit(3),
        ],
    )
    def test_lets_through_what_is_another_error(self, error):
        with pytest.raises(type(error)):
            self.raising(error)
