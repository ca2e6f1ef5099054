"""Ask the desk's API whatever its description allows and forbids, with schemathesis: every answer is as described.

    python tests/sweeps/api.py [--examples N] [--seed S]

Each endpoint gets every request at the edges of its fields, and N random requests that keep to the description and N
that break it. The check runs a sample: `tests/web/test_api_contract.py`. A failure names the request, to be sent again.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run the sample's test with more requests. Returns pytest's exit code."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--examples", type=int, default=300, help="random requests an endpoint and kind (300)")
    asked.add_argument("--seed", type=int, help="ask the same again")
    given = asked.parse_args()
    os.environ["CPRSYNC_API_EXAMPLES"] = str(max(101, given.examples))
    seed = [] if given.seed is None else [f"--hypothesis-seed={given.seed}"]
    return pytest.main(["-n0", "-p", "no:cacheprovider", *seed, str(_TESTS / "web" / "test_api_contract.py")])


if __name__ == "__main__":
    sys.exit(main())
