"""Puts every folder of the tests on the path, so that a test can use what another room's tests have."""

import sys
from pathlib import Path

#: A package (`bench`) is imported by its name.
_FOLDERS = {one.parent for one in Path(__file__).parent.rglob("*.py") if not one.with_name("__init__.py").exists()}
sys.path += sorted(map(str, _FOLDERS))
