# SPDX-License-Identifier: Apache-2.0
"""``python apps/medglip_deploy -i DICOM_DIR -o OUT -m MODEL [-p PHRASE ...]``: results, or the reason why not."""

from __future__ import annotations

import sys

from run_options import RunOptions


def main() -> int:
    """Run the application; gives back 0 when every series has results, a report or was not asked for, else 1."""
    options = RunOptions.parse(sys.argv)
    from grounding_app import run_application  # torch and the SDK: --help must not wait for them

    return run_application(options)


if __name__ == "__main__":
    sys.exit(main())
