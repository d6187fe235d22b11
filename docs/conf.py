# SPDX-License-Identifier: Apache-2.0
"""The documentation site: Markdown pages, and reference pages made from the docstrings and the command line's help."""

from __future__ import annotations

import contextlib
import io
import os
import pkgutil
import shutil
from pathlib import Path

import monai_medglip
from monai_medglip.cli.main import VERBS, main

project = "monai_medglip"
author = "the monai_medglip developers"
release = monai_medglip.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"monai_medglip {release}"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = True
napoleon_numpy_docstring = False

# Links to other projects' pages need a network; the build that tests run has none.
if os.environ.get("DOCS_INTERSPHINX"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "torch": ("https://docs.pytorch.org/docs/stable", None),
        "monai": ("https://docs.monai.io/en/stable", None),
    }


GENERATED = Path(__file__).parent / "reference" / "generated"


def _help_of(*words: str) -> str:
    """What ``medglip WORDS --help`` prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main([*words, "--help"])
    return printed.getvalue()


def _write_command_line_page() -> None:
    """Write the reference page of the command line from its own help, so that the two cannot differ."""
    os.environ["COLUMNS"] = "100"
    sections = [("medglip", _help_of()), *((f"medglip {verb}", _help_of(verb)) for verb in VERBS)]
    body = "\n".join(f"## {title}\n\n```text\n{text}```\n" for title, text in sections)
    (GENERATED / "command-line.md").write_text(f"# Command line\n\n{body}", encoding="utf-8")


def _write_module_pages() -> None:
    """Write one page per subpackage with a section for each of its modules, and one for each module at the top."""
    for found in pkgutil.iter_modules(monai_medglip.__path__):
        folder = f"{monai_medglip.__path__[0]}/{found.name}"
        inner = sorted(module.name for module in pkgutil.iter_modules([folder])) if found.ispkg else []
        parts = [_section(found.name, found.name, "=", "   :no-members:\n" if found.ispkg else "")]
        parts += [_section(name, f"{found.name}.{name}", "-") for name in inner]
        (GENERATED / f"{found.name}.rst").write_text("\n".join(parts), encoding="utf-8")


def _section(title: str, module: str, underline: str, options: str = "") -> str:
    return f"{title}\n{underline * len(title)}\n\n.. automodule:: monai_medglip.{module}\n{options}"


shutil.rmtree(GENERATED, ignore_errors=True)  # a module that is gone must not leave its page
GENERATED.mkdir()
_write_command_line_page()
_write_module_pages()
