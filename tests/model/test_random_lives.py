"""Random lives of a few people over a month: after every night each record is what a slow, obvious model says.

Drawn here is a sample. The whole: `sweeps/model.py --examples N`, 1,000 by default.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from drawn import lives
from hypothesis import HealthCheck, given, settings
from living import Life, lived


@settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(life=lives())
def test_every_record_is_what_the_model_says_after_every_night(life: Life, empty_store: Path) -> None:
    with TemporaryDirectory() as folder:
        lived(life, Path(folder) / "library", empty_store)
