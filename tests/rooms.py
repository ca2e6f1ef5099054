"""Puts every folder of the tests on the path, so that a test can use what another room's tests have."""

import sys
from pathlib import Path

sys.path += sorted(str(one) for one in Path(__file__).parent.rglob("*") if one.is_dir() and any(one.glob("*.py")))
