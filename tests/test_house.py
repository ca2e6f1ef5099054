"""The package as a house: each room says what it is."""

from __future__ import annotations

import ast
from pathlib import Path

import cprsync

_PACKAGE = Path(cprsync.__file__).parent


def test_every_room_says_what_lives_there_and_what_does_not() -> None:
    rooms = {
        file.parent: ast.get_docstring(ast.parse(file.read_bytes())) or "" for file in _PACKAGE.rglob("__init__.py")
    }
    one_sentence = [str(room) for room, said in rooms.items() if len(said.replace("\n", " ").split(". ")) < 2]
    assert len(rooms) > 50
    assert one_sentence == []
