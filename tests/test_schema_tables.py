"""The layout of the change extract and the code tables, against facts typed by hand."""

import csv
from collections import defaultdict

import pytest

from cprsync.resources import schema_path


def rows(name: str) -> list[dict[str, str]]:
    with schema_path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


LENGTHS = {
    "000": 35, "001": 106, "002": 306, "003": 249, "004": 37, "005": 200, "006": 203, "007": 26, "008": 193, "009": 37,
    "010": 30, "011": 25, "012": 95, "013": 36, "014": 23, "015": 147, "016": 58, "017": 272, "018": 60, "019": 75,
    "020": 47, "021": 63, "022": 45, "023": 96, "024": 218, "025": 40, "026": 173, "027": 44, "028": 36, "029": 109,
    "030": 48, "031": 269, "032": 269, "033": 269, "050": 29, "052": 287, "099": 45, "910": 157, "997": 43, "999": 21,
}  # fmt: skip
FIELDS = [
    ("000", "OPGAVENR", 14, 6, "digits"),
    ("000", "PRODDTO", 20, 8, "day"),
    ("000", "PRODDTOFORRIG", 28, 8, "day"),
    ("001", "PNR", 4, 10, "text"),
    ("001", "PNRGAELD", 14, 10, "text"),
    ("001", "STATUS", 24, 2, "digits"),
    ("001", "STATUSHAENSTART", 26, 12, "minute"),
    ("001", "FOED_DT", 40, 10, "date"),
    ("002", "KOMKOD", 14, 4, "digits"),
    ("002", "HUSNR", 22, 4, "text"),
    ("002", "CONVN", 36, 34, "text"),
    ("003", "ADRNVN", 14, 34, "text"),
    ("003", "POSTNR", 184, 4, "digits"),
    ("003", "VEJADRNVN", 230, 20, "text"),
    ("004", "BESKYTTYPE", 14, 4, "digits"),
    ("099", "TIMESTAMPU", 14, 12, "minute"),
    ("099", "HAENDELSE", 26, 3, "text"),
    ("999", "TAELLER", 14, 8, "digits"),
]


def test_every_record_is_without_gaps_and_as_long_as_the_register_says() -> None:
    ends: dict[str, int] = defaultdict(int)
    for row in rows("change-extract-U12170-P.csv"):
        assert int(row["start"]) == ends[row["record"]] + 1, row
        ends[row["record"]] += int(row["length"])
    assert ends == LENGTHS


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{field[0]}-{field[1]}")
def test_a_field_stands_where_the_register_puts_it(field: tuple[str, str, int, int, str]) -> None:
    record, name, start, length, kind = field
    expected = {"record": record, "field": name, "start": str(start), "length": str(length), "kind": kind}
    assert expected in rows("change-extract-U12170-P.csv")


def test_a_date_has_the_length_of_its_form() -> None:
    widths = {"date": "10", "day": "8", "minute": "12"}
    dated = [row for row in rows("change-extract-U12170-P.csv") if row["kind"] not in {"text", "digits"}]
    assert dated
    assert all(row["length"] == widths[row["kind"]] for row in dated)


def test_no_record_names_a_field_twice() -> None:
    names = [(row["record"], row["field"]) for row in rows("change-extract-U12170-P.csv")]
    assert len(names) == len(set(names))


def test_a_municipality_has_four_digits_and_one_name() -> None:
    table = {row["code"]: (row["name"], row["kind"]) for row in rows("municipalities.csv")}
    assert len(table) == len(rows("municipalities.csv"))
    assert all(len(code) == 4 and code.isdigit() for code in table)
    assert table["0751"] == ("Aarhus", "danish")
    assert table["0955"][1] == "greenlandic"
    assert table["0019"][1] == "no_place"
    # 98 municipalities and Christiansø, which is none and has a code all the same
    assert [kind for _, kind in table.values()].count("danish") == 99


def test_an_event_code_has_three_signs_and_a_meaning() -> None:
    table = {row["code"]: row["meaning"] for row in rows("event-codes.csv")}
    assert {"A01", "A06", "A13", "A21", "A25", "A33", "P03"} <= table.keys()
    assert all(len(code) == 3 and meaning for code, meaning in table.items())
