# SPDX-License-Identifier: Apache-2.0
"""Tables of committed results in README and docs, so that no number is typed by hand.

A page holds a pair of markers; what stands between them is made from ``benchmarks/results/NAME.json``::

    <!-- results:quality_2d -->
    <!-- end -->

After the name a part of the results may be asked for, key by key, with underscores for spaces:
``<!-- results:quality_2d per_phrase ph2 -->``. Parts that hold metrics become a table with one row per source or
phrase, a text becomes a block of that text, and all other parts a table of keys and values. Where the file is not there
yet, the page says so.

``python -m monai_medglip.evaluation.results_table --write README.md`` fills pages in, ``--check`` fails when one is
out of date. Run it where ``benchmarks/results`` is, or name that folder with ``--results``.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import DataError, MedGLIPError

__all__ = ["filled_page", "main", "quality_table", "sources_table", "stale_pages"]

_BLOCK = re.compile(
    r"(?P<open><!-- results:(?P<name>[\w.-]+)(?P<part>[^\n]*?) -->\n).*?(?P<close><!-- end -->)", re.DOTALL
)

_COLUMNS = {
    "AP50": "AP50",
    "AP75": "AP75",
    "AP": "AP",
    "AP30": "AP30",
    "R1_50": "R@1",
    "mIoU": "mIoU",
    "Dice": "Dice",
    "presence_AUROC_hard": "AUROC hard",
    "presence_AUROC_easy": "AUROC easy",
    "FP": "FP",
    "ECE": "ECE",
}

_LARGE = 10_000
"""From here on numbers have no decimals, and no exponent either."""

_MEANS = {"macro": "**mean over phrases**", "macro_over_sources": "**mean over sources**"}


def filled_page(text: str, results: Path) -> str:
    """Return a page with every marked table made anew.

    Args:
        text: Markdown with markers.
        results: folder of the result files.

    Raises:
        DataError: when a result file does not have the part asked for.
    """

    def fill(block: re.Match[str]) -> str:
        table = _table(results / f"{block['name']}.json", block["part"].split())
        return f"{block['open']}\n{table}\n\n{block['close']}"

    return _BLOCK.sub(fill, text)


def stale_pages(pages: Sequence[Path], results: Path) -> list[Path]:
    """Return the pages whose tables differ from the result files."""
    return [page for page in pages if (text := page.read_text(encoding="utf-8")) != filled_page(text, results)]


def quality_table(rows: Mapping[str, Mapping[str, Any]], *, head: str = "") -> str:
    """Return a Markdown table of metrics with their intervals.

    Args:
        rows: row name to ``{metric: {"value", "low", "high", "n"}}``.
        head: what the rows are.
    """
    metrics = [metric for metric in _COLUMNS if any(metric in row for row in rows.values())]
    lines = [f"| {head} | " + " | ".join(_COLUMNS[metric] for metric in metrics) + " |"]
    lines.append("| --- |" + " --- |" * len(metrics))
    lines += [
        f"| {name} | " + " | ".join(_cell(row.get(metric)) for metric in metrics) + " |" for name, row in rows.items()
    ]
    return "\n".join(lines)


def sources_table(figures: Mapping[str, Any]) -> str:
    """Return the table of sources and means of one evaluation.

    A source none of whose phrases has enough images is shown with the mean over all of its phrases, and a mark.

    Args:
        figures: the results of an evaluation, or one of their groups.
    """
    of_all = figures.get("per_source_all_phrases", {})
    few = {source for source, row in figures["per_source"].items() if not row and of_all.get(source)}
    rows = {
        f"{source} †" if source in few else source: of_all[source] if source in few else row
        for source, row in figures["per_source"].items()
    }
    means = {title: figures[key] for key, title in _MEANS.items() if figures.get(key)}
    note = "\n\n† fewer than 8 images of every phrase: not in the means" if few else ""
    return quality_table({**rows, **means}, head="source") + note


def main(words: Sequence[str] | None = None) -> int:
    """Check or fill in pages; returns 1 when a page is out of date or cannot be filled in."""
    arguments = _parser().parse_args(words)
    try:
        stale = stale_pages(arguments.pages, arguments.results)
        for page in stale if arguments.write else ():
            text = filled_page(page.read_text(encoding="utf-8"), arguments.results)
            with atomic_file(page) as temporary:
                temporary.write_text(text, encoding="utf-8")
    except (MedGLIPError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for page in stale:
        sys.stderr.write(f"{page}: {'written' if arguments.write else 'tables are out of date; use --write'}\n")
    return int(bool(stale) and not arguments.write)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Tables of committed results in Markdown pages.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="fail when a table differs from its result file")
    action.add_argument("--write", action="store_true", help="make every table anew")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"), help="folder of the result files")
    parser.add_argument("pages", type=Path, nargs="+", metavar="PAGE", help="Markdown files with markers")
    return parser


def _table(path: Path, part: Sequence[str]) -> str:
    if not path.is_file():
        return "Not measured yet."
    node = json.loads(path.read_text(encoding="utf-8"))["results"]
    for depth, key in enumerate(part):
        parts = {name.replace(" ", "_"): value for name, value in node.items()} if isinstance(node, Mapping) else {}
        if key not in parts:
            raise DataError(f"{path}: expected the part {' > '.join(part[: depth + 1])}, the results do not have it")
        node = parts[key]
    return "Not measured yet." if node is None else _node_table(node)


def _node_table(node: Any) -> str:
    if isinstance(node, str):
        return f"```text\n{node.rstrip()}\n```"
    if isinstance(node, Mapping) and "per_source" in node and all(map(_holds_metrics, node["per_source"].values())):
        return sources_table(node)
    if isinstance(node, Mapping) and node and all(_holds_metrics(row) for row in node.values()):
        return quality_table(node, head="phrase")
    if isinstance(node, Mapping) and node and all(isinstance(row, Mapping) for row in node.values()):
        deep = {f"{source}: {name}": row for source, names in node.items() for name, row in names.items()}
        if deep and all(_holds_metrics(row) for row in deep.values()):
            return quality_table(deep, head="phrase")
    if isinstance(node, Mapping) and (grid := _grid(node)):
        return grid
    rows = [f"| {key} | {_plain_cell(value)} |" for key, value in _leaves(node)]
    return "\n".join(["| | |", "| --- | --- |", *rows])


def _grid(node: Mapping[str, Any]) -> str:
    """Return a table with a row per part and a column per figure, when the parts hold figures side by side; else ""."""
    rows = {name: part for name, part in node.items() if isinstance(part, Mapping) and not _is_figure(part)}
    columns = list(dict.fromkeys(key for row in rows.values() for key, value in row.items() if _is_figure(value)))
    if not columns and _have_same_keys(rows):
        columns = list(next(iter(rows.values())))
    if not columns or any(_is_figure(value) for value in node.values()):
        return ""
    lines = [
        "| | " + " | ".join(column.replace("_", " ") for column in columns) + " |",
        "| --- |" + " --- |" * len(columns),
    ]
    for name, row in rows.items():
        cells = (_plain_cell(row[column]) if column in row else "" for column in columns)
        lines.append(f"| {name.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _have_same_keys(rows: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether several parts hold the same keys, and numbers and words alone."""
    keys = {tuple(row) for row in rows.values()}
    values = [value for row in rows.values() for value in row.values()]
    return len(rows) > 1 and len(keys) == 1 and all(isinstance(value, float | int | str | None) for value in values)


def _is_figure(value: Any) -> bool:
    """Whether a mapping is one figure with its interval, or one time with its quartiles."""
    return isinstance(value, Mapping) and ({"value", "low", "high"} <= set(value) or "median_s" in value)


def _holds_metrics(row: Any) -> bool:
    return isinstance(row, Mapping) and all(metric in _COLUMNS for metric in row)


def _cell(measure: Mapping[str, Any] | None) -> str:
    """Return "0.912 (0.881 to 0.940)", with the sign of a lower bound where it is one."""
    if measure is None or measure["value"] is None:
        return ""
    sign = "≥ " if measure.get("lower_bound") else ""
    interval = "" if measure["low"] is None else f" ({measure['low']:.3f} to {measure['high']:.3f})"
    return f"{sign}{measure['value']:.3f}{interval}"


def _leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping) and not _is_figure(node):
        for key, value in node.items():
            yield from _leaves(value, (*path, str(key)))
    else:
        yield ", ".join(path), node


def _plain_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping) and "median_s" in value:
        low, high = value["quartiles_s"]
        return f"{value['median_s']:.3f} s ({low:.3f} to {high:.3f})"
    if isinstance(value, Mapping):
        return _cell(value)
    if isinstance(value, list):
        return ", ".join(_plain_cell(entry) for entry in value)
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4g}" if abs(value) < _LARGE else f"{value:.0f}"


if __name__ == "__main__":
    sys.exit(main())
