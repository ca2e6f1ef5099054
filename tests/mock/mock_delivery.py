"""A delivery cut by hand: lines, and fields by the positions that the tests say. Knows no layout."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Delivery:
    name: str
    content: bytes
    metadata: str

    @property
    def lines(self) -> list[str]:
        return self.content.decode("iso-8859-1").split("\n")[:-1]

    def of(self, number: str) -> list[str]:
        """The lines whose positions 4-13 hold this number."""
        return [line for line in self.lines if line[3:13] == number]

    def record(self, number: str, kind: str) -> str:
        """The one record of a kind, padded so that positions can be cut from it."""
        (line,) = [line for line in self.of(number) if line[:3] == kind]
        return line.ljust(400)

    def kinds(self, number: str) -> list[str]:
        return [line[:3] for line in self.of(number)]

    def codes(self, number: str) -> list[str]:
        """Code and mark of each event: 099, positions 26-28 and 29-30."""
        return [line[25:30].rstrip() for line in self.of(number) if line[:3] == "099"]

    @property
    def promised(self) -> int:
        found = re.search("<SizeInBytes>([0-9]+)</SizeInBytes>", self.metadata)
        assert found
        return int(found.group(1))


def delivery(folder: Path, name: str) -> Delivery:
    content = (folder / "IN" / name).read_bytes()
    metadata = (folder / "IN" / f"{name}.metadata").read_text(encoding="utf-8")
    return Delivery(name, content, metadata)
