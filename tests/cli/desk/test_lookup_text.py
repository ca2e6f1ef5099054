"""What a look-up says on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cprsync.cli.desk.registering import lookup_lines
from cprsync.domain.desk.registering import UNKNOWN_NUMBER
from cprsync.services.desk.showing import warning_documents

if TYPE_CHECKING:
    from cprsync.catalogues import Language


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_number_that_the_register_does_not_know_is_said_by_the_error_alone(language: Language) -> None:
    warnings = warning_documents([UNKNOWN_NUMBER])
    unknown = {"found": False, "patron": None, "fields": {}, "actions": [], "warnings": warnings}
    assert list(lookup_lines(unknown, language)) == []
