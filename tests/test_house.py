"""The package as a house: no hall too full, no class too large, short functions, and rooms that say what they are."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest

import cprsync

if TYPE_CHECKING:
    from collections.abc import Iterator

#: One worker parses the program, and not each of them.
pytestmark = pytest.mark.xdist_group("sources")

_PACKAGE = Path(cprsync.__file__).parent
#: Each version of the store adds a module there, and none may go.
_VERSIONS = Path("store/migrations/versions")
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def read_files() -> dict[Path, ast.Module]:
    """Each file of the package, by its place. Read by the first test: each worker collects them all."""
    return {one.relative_to(_PACKAGE): ast.parse(one.read_bytes()) for one in sorted(_PACKAGE.rglob("*.py"))}


def functions() -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for tree in read_files().values():
        yield from (node for node in ast.walk(tree) if isinstance(node, _FUNCTION))


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines it has, with its docstring and without its decorators."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_folder_of_the_package_has_more_than_fifteen_modules() -> None:
    halls = Counter(file.parent for file in read_files() if file.name != "__init__.py" and file.parent != _VERSIONS)
    assert len(halls) > 50
    assert {str(hall): count for hall, count in halls.items() if count > 15} == {}


def test_no_class_of_the_package_has_more_than_twenty_five_methods() -> None:
    classes = {
        f"{file}:{node.name}": sum(isinstance(part, _FUNCTION) for part in node.body)
        for file, tree in read_files().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    assert len(classes) > 500
    assert {name: count for name, count in classes.items() if count > 25} == {}


def test_half_of_the_functions_have_at_most_seven_lines_and_nineteen_of_twenty_at_most_twenty_five() -> None:
    lengths = sorted(map(length, functions()))
    assert len(lengths) > 5_000
    assert median(lengths) <= 7
    assert lengths[len(lengths) * 95 // 100] <= 25


def test_every_room_says_what_lives_there_and_what_does_not() -> None:
    rooms = {
        file.parent: ast.get_docstring(tree) or "" for file, tree in read_files().items() if file.name == "__init__.py"
    }
    one_sentence = [str(room) for room, said in rooms.items() if len(said.replace("\n", " ").split(". ")) < 2]
    assert one_sentence == []
