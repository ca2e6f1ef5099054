"""The model is a witness of its own: it imports nothing of the program, and says what the decisions say."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import pytest
import slow_model as model
import slow_register as register

MODULES = ("slow_model.py", "slow_register.py", "slow_windows.py")


@pytest.mark.parametrize("name", MODULES)
def test_the_model_imports_nothing_of_the_program(name: str) -> None:
    tree = ast.parse((Path(__file__).parent / name).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {one.split(".")[0] for one in imported} <= {"__future__", "collections", "copy", "datetime", "typing"} | {
        one.removesuffix(".py") for one in MODULES
    }


@pytest.mark.parametrize(
    ("day", "group"),
    [(date(2027, 2, 28), "Barn"), (date(2027, 3, 1), "Ung"), (date(2028, 2, 28), "Ung"), (date(2028, 2, 29), "Stor")],
)
def test_someone_born_on_29_february_is_older_on_1_march_in_a_common_year(day: date, group: str) -> None:
    """Decision 9."""
    assert model.group_on(date(2012, 2, 29), day) == group


def test_an_invented_number_has_its_birth_date_and_fails_modulus_11() -> None:
    number = register.invented_number(date(2012, 2, 29), 20)
    assert number.startswith("290212")
    assert sum(int(d) * w for d, w in zip(number, (4, 3, 2, 7, 6, 5, 4, 3, 2, 1), strict=True)) % 11


def test_of_equal_days_the_file_wins() -> None:
    """Decision 1."""
    day = date(2027, 3, 1)
    assert model.is_older(day, model.LOOKUP, (day, model.FILE))
    assert not model.is_older(day, model.FILE, (day, model.LOOKUP))
