"""docs/performance/*.svg, from the results; the same results give the same files."""

import re
from collections.abc import Callable
from typing import Any

import pygal
from pygal.style import Style

from bench.performance.results import Results

LOOK: dict[str, Any] = {
    "background": "white",
    "plot_background": "white",
    "foreground": "#333333",
    "foreground_strong": "#111111",
    "foreground_subtle": "#999999",
    "opacity": "1",
    "guide_stroke_color": "#e4e4e4",
    "major_guide_stroke_color": "#cccccc",
    "guide_stroke_dasharray": "0",
    "major_guide_stroke_dasharray": "0",
    "font_family": "sans-serif",
    "title_font_size": 16,
    "label_font_size": 12,
    "major_label_font_size": 12,
    "legend_font_size": 12,
    "value_font_size": 12,
    "colors": ("#1f5fa8", "#c8561c", "#7fb2e5", "#f0b08a", "#3a7d44", "#8a6fb0", "#777777"),
}
STYLE = Style(**LOOK)
PALE = Style(**{**LOOK, "colors": ("#8fbbe6",)})
SHADES = ("#123f6e", "#2f74bd", "#9cc4ec", "#8f3a0f", "#d0632a", "#f3bd9c")
"""Three of the product, three of the limit."""
USUAL = {
    "width": 800,
    "height": 420,
    "explicit_size": True,
    "js": (),
    "style": STYLE,
    "legend_at_bottom": True,
    "legend_at_bottom_columns": 2,
    "disable_xml_declaration": True,
    "margin": 16,
    "stroke_style": {"width": 2.5},
}
COMMENT = re.compile(r"<!--.*?-->", re.S)

type Rows = dict[str, dict[str, Any]]


def writers(results: Results) -> str:
    """Deposits per second by the number of writers."""
    chart = pygal.XY(
        **USUAL,
        title="Deposits per second by number of writers (logarithmic)",
        x_title="writers",
        logarithmic=True,
    )
    rows: Rows = results["groups"]["writers"]["rows"]
    for name in ("deposit into one budget", "deposit into many budgets",
                 "limit into one budget", "limit into many budgets"):  # fmt: skip
        chart.add(name, _points(rows, name, "per_second"))
    return _drawn(chart, "writers", sorted({x for x, _ in _points(rows, name, "per_second")}))


def latency(results: Results) -> str:
    """Milliseconds by the number of envelopes."""
    chart = pygal.XY(
        **{**USUAL, "style": Style(**{**LOOK, "colors": SHADES}), "legend_at_bottom_columns": 3},
        title="Milliseconds of a deposit by number of envelopes (logarithmic)",
        x_title="envelopes that get a part",
        logarithmic=True,
    )
    rows: Rows = results["groups"]["latency"]["rows"]
    for name in ("deposit", "limit"):
        for percentile in ("p50", "p95", "p99"):
            points = _points(rows, f"{name},", f"{percentile}_ms")
            chart.add(f"{name}, {percentile}", points)
    return _drawn(chart, "latency", [x for x, _ in points])


def share(results: Results) -> str:
    """Where the processor time of a deposit goes."""
    rows: Rows = results["groups"]["share"]["rows"]
    bars = {name: row["cpu_ms"] for name, row in rows.items()}
    return _bars("share", "Processor time of a deposit by part, milliseconds", bars)


def growth(results: Results) -> str:
    """Deposits per second in larger databases."""
    rows: Rows = results["groups"]["growth"]["rows"]
    bars = {name.removeprefix("deposit, "): row["per_second"] for name, row in rows.items()
            if name.startswith("deposit")}  # fmt: skip
    return _bars("growth", "Deposits per second by size of the database", bars)


PLOTS: dict[str, Callable[[Results], str]] = {
    "writers": writers,
    "latency": latency,
    "share": share,
    "growth": growth,
}


def _points(rows: Rows, name: str, column: str) -> list[tuple[int, float]]:
    """The numbers in the names of rows, with the figure of a column."""
    found = []
    for each, row in rows.items():
        number = re.search(r", (\d+) ", each)
        if each.startswith(name) and number:
            found.append((int(number[1]), row[column]))
    return sorted(found)


def _bars(name: str, title: str, bars: dict[str, float]) -> str:
    """A chart with a bar for each name."""
    chart = pygal.HorizontalBar(
        **{**USUAL, "style": PALE},
        title=title,
        show_legend=False,
        print_values=True,
        x_labels_major_count=6,
    )
    names = list(bars)[::-1]  # the first one is drawn at the bottom
    chart.x_labels = names
    chart.add("", [bars[each] for each in names], formatter=lambda value: f"{value:,.3g}")
    return _drawn(chart, name, [])


def _drawn(chart: Any, name: str, labels: list[int]) -> str:
    """The SVG; its id is the name of the plot, and it does not tell when it was drawn.

    With labels of the x axis, both axes are logarithmic.
    """
    chart.uuid = f"plot-{name}"
    if labels:
        chart.x_labels = labels
        chart.y_labels = _round_numbers([y for one in chart.raw_series for _, y in one[0]])
    return COMMENT.sub("", chart.render(is_unicode=True)).strip() + "\n"


def _round_numbers(values: list[float]) -> list[float]:
    """1, 2, 5, 10, 20 and so on, from below the values to above them."""
    steps = [lead * 10.0**power for power in range(-2, 6) for lead in (1, 2, 5)]
    low = max(step for step in steps if step <= min(values))
    high = min(step for step in steps if step >= max(values))
    return [step for step in steps if low <= step <= high]
