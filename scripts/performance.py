"""Generate the tables and plots of docs/performance.md from the results of the last benchmark.

    make bench                                         # measures, and writes them
    .venv/bin/python scripts/performance.py            # writes them from the last results
    .venv/bin/python scripts/performance.py --check    # exit code 1 if a file is out of date

The results are in bench/results. The script needs no database.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def main(words: list[str] | None = None) -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; compare the files")
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder of the files (docs)")
    options = parser.parse_args(words)
    sys.path.insert(0, str(ROOT))
    from bench.performance import document

    text = _text(options.docs / document.FILE.name)
    wrong = []
    for file, contents in document.files(text, options.docs).items():
        if not options.check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(contents, encoding="utf-8")
        elif _text(file) != contents:
            wrong.append(file.name)
    if options.check and not wrong and document.incomplete(text):
        wrong = [document.FILE.name]
    for name in wrong:
        print(f"{name} is out of date: run scripts/performance.py", file=sys.stderr)
    return 1 if wrong else 0


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
