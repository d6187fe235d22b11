# SPDX-License-Identifier: Apache-2.0
"""Tables of every key of the bundles' configurations, for docs/reference/bundle-settings.md.

A key's meaning is written once, in the table of its bundle's docs/README.md; its default comes from the configuration.
``--write PAGE`` fills in what stands between ``<!-- settings:NAME -->`` and ``<!-- end -->``; ``--check PAGE`` fails
when that is out of date. A key without a meaning fails both.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(?P<open><!-- settings:(?P<name>\w+) -->\n).*?(?P<close><!-- end -->)", re.DOTALL)
MEANING = re.compile(r"^\| (?P<where>\w+) \| (?P<keys>`[^|]*`) \| (?P<meaning>.*) \|$", re.MULTILINE)


def main(words: Sequence[str] | None = None) -> int:
    """Check or fill in a page; gives back 1 when it is out of date or a key has no meaning."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundles", type=Path, default=ROOT / "bundles", help="folder with the bundles")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", type=Path, metavar="PAGE")
    action.add_argument("--write", type=Path, metavar="PAGE")
    arguments = parser.parse_args(words)
    page = arguments.check or arguments.write
    text = page.read_text(encoding="utf-8")
    try:
        filled = filled_page(text, sorted(path.parents[1] for path in arguments.bundles.glob("*/docs/README.md")))
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 1
    if arguments.write:
        page.write_text(filled, encoding="utf-8")
    elif filled != text:
        print(f"{page}: out of date, run: python .ci/bundle_settings.py --write {page}", file=sys.stderr)
        return 1
    return 0


def filled_page(text: str, bundles: Sequence[Path]) -> str:
    """Give the page with every marked table made anew."""
    return BLOCK.sub(lambda block: f"{block['open']}\n{table(block['name'], bundles)}\n\n{block['close']}", text)


def table(name: str, bundles: Sequence[Path]) -> str:
    """Give the table of one configuration: a row per key, a column per bundle."""
    configurations = {bundle: _configuration(bundle, name) for bundle in bundles}
    head = ["key", "meaning", *(bundle.name for bundle in bundles)]
    rows = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    for key in dict.fromkeys(key for content in configurations.values() for key in content):
        owners = [bundle for bundle in bundles if key in configurations[bundle]]
        meanings = dict.fromkeys(_meaning(bundle, name, key) for bundle in owners)
        defaults = (_shown(configurations[b][key]) if b in owners else "" for b in bundles)
        rows.append(f"| `{key}` | {'; '.join(meanings)} | {' | '.join(defaults)} |")
    return "\n".join(rows)


def _configuration(bundle: Path, name: str) -> dict[str, Any]:
    path = bundle / "configs" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _meaning(bundle: Path, name: str, key: str) -> str:
    """What the bundle's page says of a key; of an inner one, where it lies."""
    kind = name.removeprefix("multi_gpu_")
    plain, inner, _ = key.lstrip("+").partition("#")
    page = (bundle / "docs" / "README.md").read_text(encoding="utf-8")
    told = {
        (found["where"], name): found["meaning"]
        for found in MEANING.finditer(page)
        for name in re.findall(r"`(\w+)`", found["keys"])
    }
    for where in (kind, *(["train"] if kind == "evaluate" else []), "all"):
        if (where, plain) in told:
            return f"inside `{plain}`" if inner else told[where, plain]
    raise LookupError(f"{bundle.name}: expected {plain!r} of {name}.json in the table of keys in docs/README.md")


def _shown(value: Any) -> str:
    if isinstance(value, str) and value.startswith(("$", "@", "%")):
        return "computed"
    if isinstance(value, dict) and "_target_" in value:
        return f"`{value['_target_'].rpartition('.')[2]}`"
    text = json.dumps(value)
    if len(text) > 40 or "_target_" in text or "$" in text or "@" in text:
        return "list" if isinstance(value, list) else "section" if isinstance(value, dict) else f"`{text}`"
    return f"`{text}`"


if __name__ == "__main__":
    sys.exit(main())
