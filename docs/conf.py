# SPDX-License-Identifier: Apache-2.0
"""The documentation site: Markdown pages, and an API reference made from the docstrings."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

import monai_medglip
from monai_medglip.cli.main import VERBS, main

project = "monai_medglip"
author = "the monai_medglip developers"
release = monai_medglip.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = f"monai_medglip {release}"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autosummary_ignore_module_all = False
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
    page = Path(__file__).parent / "reference" / "generated" / "command-line.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(f"# Command line\n\n{body}", encoding="utf-8")


_write_command_line_page()
