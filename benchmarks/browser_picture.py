# SPDX-License-Identifier: Apache-2.0
"""Make the picture of the record browser for the documentation, of an example whose license allows it.

    python -m benchmarks.browser_picture --out docs/images/data_browser.png

It needs Chromium (Debian: chromium) and the extras data and dev; a few seconds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.ohif_page import open_browser
from monai_medglip.data_engine import open_grounding_data
from monai_medglip.data_engine.browser import BrowserServer, browser_app
from monai_medglip.data_engine.data_tables import data_tables

EXAMPLES = Path(__file__).parents[1] / "examples"
SOURCE = "hc18"
"""CC BY 4.0, see examples/README.md."""
SIZE = {"width": 1240, "height": 760}


def main() -> None:
    """Serve the examples, open the one of the source, point at its phrase, and keep what is seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="PNG")
    arguments = parser.parse_args()
    data = open_grounding_data(EXAMPLES)
    with BrowserServer(browser_app(data, data_tables(data), title="examples")) as server, open_browser() as browser:
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(f"{server.url}#source={SOURCE}")
        page.click("#records a")
        page.wait_for_selector("body[data-state=ready] #phrases li")
        page.hover("#phrases button")
        page.screenshot(path=arguments.out)


if __name__ == "__main__":
    main()
