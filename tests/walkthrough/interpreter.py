"""A Python in the walkthrough's project: runs one block a line of JSON, and says what was wrong.

A block with `>>>` is compared with what it shows; any other has only to run. The answer has the
ids of the rows that were given names, so that commands can say `$NOTE` for the id of `note`.
"""

import doctest
import io
import json
import sys
import traceback
from contextlib import redirect_stdout
from typing import Any

import django
from django.test.utils import setup_test_environment

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
FIRST = doctest.REPORT_ONLY_FIRST_FAILURE


def wrong_in(source: str, name: str, names: dict[str, Any]) -> str:
    """What went wrong in a block; '' when nothing did."""
    said = io.StringIO()
    try:
        if ">>> " not in source:
            with redirect_stdout(said):
                exec(compile(source, name, "exec"), names)  # noqa: S102  # a document's code
            return ""
        test = doctest.DocTestParser().get_doctest(source, {}, name, None, 0)
        test.globs = names
        failed, _ = doctest.DocTestRunner(optionflags=FLAGS | FIRST).run(
            test, out=said.write, clear_globs=False
        )
        return said.getvalue() if failed else ""
    except Exception:
        return traceback.format_exc()


def ids(names: dict[str, Any]) -> dict[str, str]:
    """The ids of the rows among the names, by the name in capitals."""
    rows = {name: getattr(value, "pk", None) for name, value in names.items()}
    return {name.upper(): str(pk) for name, pk in rows.items() if hasattr(pk, "hex")}


def main() -> None:
    django.setup()
    setup_test_environment()
    answers, sys.stdout = sys.stdout, sys.stderr
    names: dict[str, Any] = {"__name__": "__walkthrough__"}
    for line in sys.stdin:
        asked = json.loads(line)
        answer = {"wrong": wrong_in(asked["source"], asked["name"], names), "ids": ids(names)}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
