"""The hand-typed nights are well-formed: each record has its length, each count is right, each spot check holds.

What our reader makes of them is tested with the reader.
"""

from __future__ import annotations

from typing import Any

import hand_nights as hand
import pytest

#: Record lengths of U12170-P, typed from the register's field table.
LENGTHS = {"000": 35, "001": 106, "002": 306, "003": 249, "004": 37, "005": 200, "006": 203, "008": 193}
LENGTHS |= {"022": 45, "099": 45, "999": 21}
LINES = {"one": hand.NIGHT_ONE.decode("iso-8859-1"), "two": hand.NIGHT_TWO.decode("iso-8859-1")}
EXPECTED = {"one": hand.EXPECTED_ONE, "two": hand.EXPECTED_TWO, "three": hand.EXPECTED_THREE}


def cut(stream: str) -> list[str]:
    """Cut a stream by the lengths above."""
    records = []
    while stream:
        length = LENGTHS[stream[:3]]
        records.append(stream[:length])
        stream = stream[length:]
    return records


RECORDS = {name: text.splitlines() for name, text in LINES.items()}
RECORDS["three"] = cut(hand.NIGHT_THREE.decode("iso-8859-1"))


def at(night: str, kind: str, number: str, first: int, last: int) -> str:
    """The text at 1-based positions first..last of a person's only record of this kind."""
    (record,) = (r for r in RECORDS[night] if r[:3] == kind and r[3:13] == number)
    return record.ljust(LENGTHS[kind])[first - 1 : last]


@pytest.mark.parametrize("night", RECORDS)
def test_no_record_is_longer_than_its_kind(night: str) -> None:
    for record in RECORDS[night]:
        assert len(record) <= LENGTHS[record[:3]], record[:3]


@pytest.mark.parametrize("night", LINES)
def test_lines_end_at_their_last_character(night: str) -> None:
    assert LINES[night].endswith("\n")
    assert all(line == line.rstrip() for line in RECORDS[night])


def test_the_third_night_is_one_stream_of_full_records() -> None:
    assert b"\n" not in hand.NIGHT_THREE
    assert b"\r" not in hand.NIGHT_THREE
    assert all(len(record) == LENGTHS[record[:3]] for record in RECORDS["three"])


@pytest.mark.parametrize("night", RECORDS)
def test_the_end_record_counts_the_others(night: str) -> None:
    first, *middle, last = RECORDS[night]
    assert (first[:13], last[:13]) == ("000" + "0" * 10, "999" + "9" * 10)
    assert last[13:] == f"{len(middle):08}"
    assert not {record[:3] for record in middle} & {"000", "999"}


def test_each_night_names_the_one_before_it() -> None:
    dates = [(records[0][19:27], records[0][27:35]) for records in RECORDS.values()]
    assert dates == [("20270322", "20270319"), ("20270323", "20270322"), ("20270324", "20270323")]


@pytest.mark.parametrize("night", ["one", "two"])
def test_address_records_are_a_block_at_the_end_sorted_by_address(night: str) -> None:
    kinds = [record[:3] for record in RECORDS[night]]
    block = [record for record in RECORDS[night] if record[:3] == "003"]
    assert kinds[-1 - len(block) : -1] == ["003"] * len(block)
    assert [r[207:219] for r in block] == sorted(r[207:219] for r in block)
    assert [r[3:13] for r in block] != [r[3:13] for r in RECORDS[night] if r[:3] == "001"]


@pytest.mark.parametrize("night", RECORDS)
def test_every_person_of_a_night_has_her_facts_in_the_order_of_the_file(night: str) -> None:
    assert [r[3:13] for r in RECORDS[night] if r[:3] == "001"] == [facts["number"] for facts in EXPECTED[night]]
    groups = {"number", "status", "name", "birth", "uncertain", "address"}
    groups |= {"protected", "current_number", "abroad", "contact"}
    assert all(set(facts) == groups for facts in EXPECTED[night])


#: The marks that records 008 and 003 carry at their edges, byte by byte: Å C5, Æ C6, Ø D8, å E5, æ E6, ø F8.
EDGES: list[tuple[str, int, int, str]] = [
    ("008", 14, 63, "c5e6"),
    ("008", 65, 104, "d8e5"),
    ("008", 106, 145, "d8e6"),
    ("008", 160, 193, "c5e5"),
    ("003", 14, 47, "c5e5"),
    ("003", 48, 81, "d8e6"),
    ("003", 82, 115, "c5d8"),
    ("003", 150, 183, "c5c5"),
    ("003", 188, 207, "d8c5"),
    ("003", 230, 249, "c5e5"),
    ("002", 36, 69, "d8e6"),
    ("002", 117, 150, "c6d8"),
    ("002", 185, 218, "d8e5"),
    ("002", 253, 286, "e5f8"),
]


@pytest.mark.parametrize(("kind", "first", "last", "edges"), EDGES)
def test_a_full_field_begins_and_ends_with_letters_outside_ascii(kind: str, first: int, last: int, edges: str) -> None:
    field = at("three", kind, hand.EDGES, first, last).encode("iso-8859-1")
    assert (field[:1] + field[-1:]).hex() == edges


#: Spot checks by position, among them each one that a wrong layout would get wrong first.
SPOTS: list[tuple[str, str, str, int, int, str]] = [
    ("one", "002", hand.HELLE, 22, 31, "055 01  th"),
    ("one", "002", hand.HELLE, 70, 81, "202203010000"),
    ("one", "002", hand.ANNA, 22, 35, "016Bst  th    "),
    ("one", "002", hand.BO, 36, 50, "c/o Vestergaard"),
    ("one", "002", hand.BO, 83, 94, "199801010000"),
    ("one", "002", hand.OTTO, 22, 31, "047 030012"),
    ("one", "001", hand.ANNA, 73, 78, "Tømrer"),
    ("one", "099", hand.ANNA, 26, 30, "A01ÆG"),
    ("one", "004", hand.HELLE, 14, 27, "00012026-11-01"),
    ("one", "004", hand.OTTO, 14, 17, "0003"),
    ("one", "003", hand.HELLE, 208, 246, "07516043055 01  th    Teglbrændervænget"),
    ("one", "003", hand.BO, 184, 195, "8200Aarhus N"),
    ("one", "008", hand.OTTO, 64, 64, "+"),
    ("one", "008", hand.OTTO, 146, 158, "=198501150000"),
    ("two", "001", hand.OLD, 14, 25, hand.NEW + "60"),
    ("two", "001", hand.OLD, 62, 71, "2027-03-23"),
    ("two", "001", hand.NEWBORN, 40, 50, "2027-03-15*"),
    ("two", "022", hand.NEW, 14, 44, hand.OLD + "1998-09-09 2027-03-23"),
    ("two", "003", hand.OLD, 184, 187, "0000"),
    ("two", "003", hand.OLD, 208, 249, "00000000" + " " * 34),
    ("two", "003", hand.NEWBORN, 14, 47, " " * 34),
    ("two", "006", hand.DEAD, 116, 128, "8000 Aarhus C"),
    ("two", "008", hand.DEAD, 65, 68, "Riis"),
    ("two", "008", hand.NEWBORN, 147, 158, "202703150000"),
    ("three", "005", hand.ABROAD, 14, 29, "5120202703230000"),
    ("three", "005", hand.ABROAD, 133, 139, "Sverige"),
    ("three", "006", hand.ABROAD, 184, 193, "2027-03-24"),
    ("three", "002", hand.EDGES, 22, 31, "021C04D-53"),
    ("three", "002", hand.EDGES, 287, 296, "2027-03-01"),
    ("three", "001", hand.NO_DATE, 40, 49, "1950-00-00"),
    ("three", "003", hand.NO_DATE, 216, 245, "130 " + " " * 10 + "Hvidtjørnsringen"),
    ("three", "004", hand.NO_DATE, 14, 27, "00012027-05-01"),
    ("three", "001", hand.NUUK, 24, 50, "05201406010000 K1980-05-26*"),
    ("three", "002", hand.NUUK, 14, 35, "09560215    0202043412"),
    ("three", "003", hand.NUUK, 226, 237, "3412Rypelien"),
]


@pytest.mark.parametrize("spot", SPOTS, ids=lambda spot: f"{spot[0]}-{spot[1]}-{spot[3]}")
def test_the_text_stands_at_its_position(spot: tuple[Any, ...]) -> None:
    night, kind, number, first, last, text = spot
    assert at(night, kind, number, first, last) == text
