"""The Python process of a walkthrough: runs a block for each line of JSON, and reports errors.

The output of a block with `>>>` is compared; other blocks only run. The answer has the ids of the
rows among the names, so that commands can use `$NOTE` for the id of `note`.
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
    """The error of a block; '' without an error."""
    output = io.StringIO()
    try:
        if ">>> " not in source:
            with redirect_stdout(output):
                exec(compile(source, name, "exec"), names)  # noqa: S102  # a document's code
            return ""
        test = doctest.DocTestParser().get_doctest(source, {}, name, None, 0)
        test.globs = names
        failed, _ = doctest.DocTestRunner(optionflags=FLAGS | FIRST).run(
            test, out=output.write, clear_globs=False
        )
        return output.getvalue() if failed else ""
    except Exception:
        return traceback.format_exc()


def ids(names: dict[str, Any]) -> dict[str, str]:
    """The ids of the rows among the names, by the upper-case name."""
    rows = {name: getattr(value, "pk", None) for name, value in names.items()}
    return {name.upper(): str(pk) for name, pk in rows.items() if hasattr(pk, "hex")}


def main() -> None:
    django.setup()
    setup_test_environment()
    answers, sys.stdout = sys.stdout, sys.stderr
    names: dict[str, Any] = {"__name__": "__walkthrough__"}
    for line in sys.stdin:
        block = json.loads(line)
        answer = {"wrong": wrong_in(block["source"], block["name"], names), "ids": ids(names)}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
