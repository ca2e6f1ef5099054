"""The mock's Koha finds patrons as Koha does: fields, JSON queries, pairs of attributes, order and pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from koha_caller import ATTRIBUTES, EMBED, KohaCaller

from cprsync.mock.koha.patrons import KohaPatrons
from cprsync.mock.koha.query import EVERYBODY, QueryRefused, find_matching, parse_query
from cprsync.mock.koha.searching import parse_search
from cprsync.mock.town.state import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: surname, card, category, days in the month of the last change, attributes
PEOPLE: dict[int, tuple[str, str | None, str, str, list[tuple[str, str]]]] = {
    1: ("Ørsted", "K1", "VOKSEN", "2027-03-01T12:00:00+01:00", [("CPR", "9900000001"), ("KOMMUNE", "0751")]),
    2: ("Aagaard", "K12", "BARN", "2027-03-02T12:00:00+01:00", [("CPR", "9900000002"), ("KOMMUNE", "0461")]),
    3: ("orsted", None, "VOKSEN", "2027-03-03T12:00:00+01:00", [("NOTE", "9900000001"), ("CPR", "9900000003")]),
    4: ("Beck", "k4", "BARN", "2027-03-04T12:00:00+01:00", []),
}


@pytest.fixture(scope="module")
def patrons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KohaPatrons]:
    memory = Memory(tmp_path_factory.mktemp("patrons"))
    held = KohaPatrons(memory)
    for patron_id, (surname, card, category, at, attributes) in PEOPLE.items():
        values = {"surname": surname, "cardnumber": card, "category_id": category, "updated_on": at}
        held.write(
            [
                {
                    "op": "create",
                    "patron": patron_id,
                    "set": values | {"incorrect_address": patron_id == 4},
                    "attributes": held.number_attributes(attributes),
                }
            ]
        )
    yield held
    memory.close()


FOUND: list[tuple[Any, list[int]]] = [
    ({}, [1, 2, 3, 4]),
    ({"surname": "ØRSTED"}, [1]),
    ({"me.surname": "beck"}, [4]),
    ({"surname": ["beck", "aagaard"]}, [2, 4]),
    ({"surname": {"-like": "%rsted"}}, [1, 3]),
    ({"surname": {"like": "_eck"}}, [4]),
    ({"surname": {"-not_like": "%rsted"}}, [2, 4]),
    ({"surname": {"-in": ["Beck", "orsted"]}}, [3, 4]),
    ({"surname": {"-not_in": ["Beck", "orsted"]}}, [1, 2]),
    ({"surname": {"=": ["Beck", "orsted"]}}, [3, 4]),
    ({"surname": ["-and", {"-like": "%r%"}, {"-like": "o%"}]}, [3]),
    ({"surname": {"-and": [{"-like": "%r%"}, {"-like": "o%"}]}}, [3]),
    ({"surname": {"!=": "beck"}, "category_id": "BARN"}, [2]),
    ([{"surname": "beck"}, {"category_id": "VOKSEN"}], [1, 3, 4]),
    ({"-or": [{"surname": "beck"}, {"surname": "aagaard"}]}, [2, 4]),
    ({"-or": {"surname": "beck", "cardnumber": "k1"}}, [1, 4]),
    ({"-and": [{"category_id": "BARN"}, {"-or": [{"surname": "beck"}, {"surname": "orsted"}]}]}, [4]),
    ({"cardnumber": "K1"}, [1]),
    ({"cardnumber": None}, [3]),
    ({"cardnumber": {"!=": None}}, [1, 2, 4]),
    # nothing compared with something is never true
    ({"cardnumber": {"!=": "K1"}}, [2, 4]),
    ({"patron_id": "2"}, [2]),
    ({"patron_id": {">": 2}}, [3, 4]),
    ({"patron_id": {"-in": [4, 9, 1]}}, [1, 4]),
    ({"patron_id": "two"}, []),
    ({"incorrect_address": True}, [4]),
    ({"incorrect_address": 0}, [1, 2, 3]),
    ({"updated_on": {">": "2027-03-02T11:00:00Z"}}, [3, 4]),
    ({"updated_on": {">=": "2027-03-02T11:00:00Z", "<": "2027-03-04T00:00:00+01:00"}}, [2, 3]),
    ({"updated_on": {"<=": "2027-03-01 12:00:00"}}, [1]),
    ({"extended_attributes.value": "9900000001"}, [1, 3]),
    ({"extended_attributes.code": "CPR", "extended_attributes.value": "9900000001"}, [1]),
    ({"extended_attributes.type": "CPR", "extended_attributes.attribute": "9900000003"}, [3]),
    # both conditions concern one attribute, wherever they stand
    ({"-and": [{"extended_attributes.code": "KOMMUNE"}, {"extended_attributes.value": "9900000001"}]}, []),
    ({"extended_attributes.code": "CPR", "extended_attributes.value": {"-in": ["9900000002", "9900000003"]}}, [2, 3]),
    ({"extended_attributes.code": "KOMMUNE"}, [1, 2]),
    ({"extended_attributes.code": None}, [4]),
    ({"extended_attributes.code": "CPR", "category_id": "BARN"}, [2]),
]


@pytest.mark.parametrize(("query", "expected"), FOUND, ids=[json.dumps(query) for query, _ in FOUND])
def test_a_query_finds_whom_sql_would_find(patrons: KohaPatrons, query: Any, expected: list[int]) -> None:
    assert [patron.patron_id for patron in find_matching(patrons, parse_query(query))] == expected


def deep(times: int) -> Any:
    query: Any = {"surname": "Beck"}
    for _ in range(times):
        query = [query]
    return query


@pytest.mark.parametrize(
    "query",
    [
        {"shoe_size": "44"},
        {"extended_attributes.colour": "red"},
        {"surname": {"-regexp": "x"}},
        {"surname": {"-in": "x"}},
        {"surname": {"=": {"x": 1}}},
        {"updated_on": {">": "yesterday"}},
        {"-and": "x"},
        {"-not": {"surname": "x"}},
        "surname",
        7,
        deep(50),
        {"surname": {"-in": ["x"] * 10_001}},
    ],
)
def test_a_query_that_cannot_be_read_is_refused_and_not_quoted(query: Any) -> None:
    with pytest.raises(QueryRefused) as refused:
        parse_query(query)
    assert "44" not in str(refused.value)


def test_a_search_without_a_condition_is_about_everybody() -> None:
    assert parse_search([("_page", "2")], None, b"").condition == EVERYBODY


# -- over HTTP -------------------------------------------------------------------------------------------------


def test_a_query_is_a_parameter_a_header_or_a_body_and_all_must_hold(koha: KohaCaller) -> None:
    patron, other = koha.make(city="Hinnerup"), koha.make(city="Hinnerup")
    query = {"extended_attributes.value": patron[ATTRIBUTES][0]["value"]}
    ways: list[dict[str, Any]] = [
        {"params": {"q": json.dumps(query)}},
        {"headers": {"x-koha-query": json.dumps(query)}},
        {"data": json.dumps(query)},
        {"params": {"city": "hinne"}, "headers": {"x-koha-query": json.dumps(query)}},
    ]
    for way in ways:
        answer = koha.ask("GET", "/patrons", **way)
        assert [one["patron_id"] for one in answer.json()] == [patron["patron_id"]]
        assert answer.headers["x-total-count"] == "1"
    both = koha.ask("GET", "/patrons", params={"q": json.dumps(query)}, data=json.dumps({"city": "Ry"}))
    assert both.json() == []
    assert koha.found({"city": "hinnerup"}) == [patron["patron_id"], other["patron_id"]]


def test_attributes_are_shown_only_when_they_are_embedded(koha: KohaCaller) -> None:
    place = f"/patrons/{koha.make()['patron_id']}"
    assert ATTRIBUTES not in koha.ask("GET", place).json()
    assert ATTRIBUTES in koha.ask("GET", place, headers=EMBED).json()
    more = koha.ask("GET", place, headers={"x-koha-embed": "library, checkouts+count,account_balance,+strings"}).json()
    assert (more["library"]["library_id"], more["checkouts_count"], more["account_balance"]) == ("HB", 0, 0)
    assert more["_strings"]["library_id"]["str"] == "Hovedbiblioteket"
    assert koha.ask("GET", place, headers={"x-koha-embed": "fines"}).status_code == 400


@pytest.mark.parametrize(
    ("match", "expected"),
    [(None, [0, 1, 2]), ("contains", [0, 1, 2]), ("starts_with", [0, 1]), ("ends_with", [0, 2]), ("exact", [0])],
)
def test_a_field_is_matched_as_match_says(koha: KohaCaller, match: str | None, expected: list[int]) -> None:
    label = f"match-{match}"
    patrons = [koha.make(opac_notes=label, other_name=name) for name in ("ibsen", "ibsensen", "fibsen")]
    asked = {"opac_notes": label} if match in {None, "exact"} else {}
    found = koha.search(
        {"opac_notes": label}, other_name="ibsen", **asked, **({} if match is None else {"_match": match})
    )
    assert [one["patron_id"] for one in found.json()] == [patrons[n]["patron_id"] for n in expected]


def test_pages_in_any_order_hold_everybody_once(koha: KohaCaller) -> None:
    label = {"opac_notes": "pages"}
    made = [koha.make(**label, city=city)["patron_id"] for city in ("Ry", "aarhus", "Viby", "ry", "Odder")]
    pages = [koha.search(label, _per_page="2", _page=str(page)) for page in (1, 2, 3, 4)]
    assert [one["patron_id"] for page in pages for one in page.json()] == made
    assert {page.headers["x-total-count"] for page in pages} == {"5"}
    rising = koha.search(label, _order_by="+city,-patron_id", _per_page="-1").json()
    assert [one["city"] for one in rising] == ["aarhus", "Odder", "ry", "Ry", "Viby"]
    falling = koha.search(label, _order_by="-city").json()
    assert [one["city"] for one in falling] == ["Viby", "Ry", "ry", "Odder", "aarhus"]


def test_a_page_holds_twenty_where_nothing_is_said(koha: KohaCaller) -> None:
    for _ in range(21):
        koha.make(opac_notes="twenty")
    assert len(koha.found({"opac_notes": "twenty"})) == 20


@pytest.mark.parametrize(
    "parameters",
    [
        {"shoe_size": "44"},
        {"_page": "0"},
        {"_page": "x"},
        {"_per_page": "0"},
        {"_per_page": "-2"},
        {"_order_by": "shoe_size"},
        {"_match": "regex"},
        {"q": "{"},
        {"q": '{"shoe_size":44}'},
    ],
)
def test_a_search_that_koha_does_not_know_is_refused_and_not_quoted(
    koha: KohaCaller, parameters: dict[str, str]
) -> None:
    before = koha.everything()
    answer = koha.search(**parameters)
    assert answer.status_code == 400
    assert "44" not in answer.text
    assert koha.everything() == before


def test_a_patron_who_changes_is_found_by_what_is_true_now(tmp_path: Path) -> None:
    """The indexes follow each change, and a restart builds the same ones."""
    memory = Memory(tmp_path)
    held = KohaPatrons(memory)
    created = {"op": "create", "patron": held.take_id(), "set": {"surname": "Nu", "cardnumber": "K1"}}
    held.write([created | {"attributes": held.number_attributes([("CPR", "99")])}])
    held.write(
        [
            {
                "op": "change",
                "patron": 1,
                "set": {"cardnumber": "K2"},
                "attributes": held.number_attributes([("CPR", "98")]),
            }
        ]
    )
    held.write([{"op": "create", "patron": held.take_id(), "set": {"cardnumber": "K1"}}, {"op": "delete", "patron": 2}])
    for again in (held, KohaPatrons(memory)):
        assert [again.holder_of("cardnumber", card) for card in ("k1", "k2")] == [None, 1]
        assert (again.with_value("99"), again.with_value("98")) == (set(), {1})
        assert (len(again), again.take_id()) == (1, 3)
    memory.close()
