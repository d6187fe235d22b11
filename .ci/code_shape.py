# SPDX-License-Identifier: Apache-2.0
"""Figures about the shape of a package's code, to steer by; not a gate.

Prints files, file lines (median, 90th percentile, largest), function lines, the share of functions over 60 lines,
class lines, how much of the public API has a docstring and how many parameters are annotated, pairs of subpackages
that import each other, the share of raised messages that carry a run-time value, and the number of prints.
``__init__.py`` files are left out of the sizes. Usage: ``code_shape.py PACKAGE_FOLDER``.
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LONG_FUNCTION = 60


@dataclass(frozen=True)
class Source:
    """One parsed file of the package."""

    path: Path
    text: str
    tree: ast.Module

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """All functions and methods, nested ones too."""
        return (n for n in ast.walk(self.tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))

    def classes(self) -> Iterator[ast.ClassDef]:
        """All classes."""
        return (n for n in ast.walk(self.tree) if isinstance(n, ast.ClassDef))


def main(folder: Path) -> None:
    """Print the figures of the package in ``folder``."""
    sources = [_parse(path) for path in sorted(folder.rglob("*.py"))]
    sized = [source for source in sources if source.path.name != "__init__.py"]
    functions = [_lines(f) for source in sized for f in source.functions()]
    public = [node for source in sized for node in _public_objects(source.tree)]
    for name, figure in [
        ("files", str(len(sized))),
        ("file lines med / p90 / max", _spread([source.text.count("\n") for source in sized], with_max=True)),
        ("function lines med / p90", _spread(functions)),
        (f"functions over {LONG_FUNCTION} lines", _share([lines > LONG_FUNCTION for lines in functions])),
        ("class lines med / p90", _spread([_lines(c) for source in sized for c in source.classes()])),
        ("public with docstring", _share([ast.get_docstring(node) is not None for node in public])),
        ("parameters annotated", _share([a for s in sized for f in s.functions() for a in _annotated(f)])),
        ("pairs in an import cycle", _cycles(sources, folder)),
        ("raised messages with a value", _share([m for source in sized for m in _messages(source.tree)])),
        ("prints", str(sum(_is_print(node) for source in sized for node in ast.walk(source.tree)))),
        ("TODO or FIXME", str(sum(source.text.count(word) for source in sized for word in ("TODO", "FIXME")))),
    ]:
        print(f"{name:<30} {figure}")


def _parse(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path, text, ast.parse(text))


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _spread(values: Sequence[int], *, with_max: bool = False) -> str:
    if not values:
        return "-"
    tenth = sorted(values)[min(len(values) - 1, round(0.9 * (len(values) - 1)))]
    figures = [statistics.median(values), tenth] + ([max(values)] if with_max else [])
    return " / ".join(f"{figure:g}" for figure in figures)


def _share(holds: Sequence[bool]) -> str:
    return f"{100 * sum(holds) / len(holds):.0f} % of {len(holds)}" if holds else "-"


def _public_objects(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public_objects(node)


def _annotated(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[bool]:
    parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [p.annotation is not None for p in parameters if p.arg not in ("self", "cls")]


def _messages(tree: ast.Module) -> list[bool]:
    calls = [n.exc for n in ast.walk(tree) if isinstance(n, ast.Raise) and isinstance(n.exc, ast.Call) and n.exc.args]
    return [not isinstance(call.args[0], ast.Constant) for call in calls]


def _is_print(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"


def _cycles(sources: Sequence[Source], folder: Path) -> str:
    package = folder.name
    edges = {(_part(source.path, folder), target) for source in sources for target in _imports(source.tree, package)}
    pairs = sorted({tuple(sorted(edge)) for edge in edges if edge[0] != edge[1] and (edge[1], edge[0]) in edges})
    return f"{len(pairs)} {', '.join(' <> '.join(pair) for pair in pairs)}".strip()


def _part(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").parts[0]


def _imports(tree: ast.Module, package: str) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{package}."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (name.name.split(".")[1] for name in node.names if name.name.startswith(f"{package}."))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
