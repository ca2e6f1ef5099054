"""What `review show` puts on either side: the register's word on the left, and nothing there that it never said."""

from __future__ import annotations

from typing import Any

from cprsync.cli.desk.review import item_lines

LINE = {"id": 1, "state": "waiting", "since": "2027-03-22", "patron": "12345678", "about": None}
SAYS = {"why": {"da": "hvorfor"}, "accept": {"da": "ja"}, "reject": {"da": "nej"}}
BY = {"by": "lone", "reason": "Showed her lease", "until": None}


def sides(fields: dict[str, Any]) -> list[str]:
    document = {**LINE, **SAYS, "record": {"fields": fields}, "other": None}
    return list(item_lines(document, "da"))[4:]


def test_a_corrected_field_has_the_registers_word_on_the_left() -> None:
    entry = {"value": "0101", "owner": "register", "source": "staff", "override": {**BY, "register": "0751"}}
    (line,) = sides({"municipality": entry})
    assert line.split() == ["Kommune:", "Aarhus", "(0751)", "Kommune:", "København", "(0101)"]


def test_a_pinned_group_is_none_of_the_registers_words() -> None:
    override = {**BY, "register": "Voksen", "rule": "age"}
    (line,) = sides({"group": {"value": "Personale", "owner": "staff", "source": "staff", "override": override}})
    assert line.strip() == "Lånergruppe: Personale (efter alder: Voksen)"
    assert line.startswith(" " * 30)
