"""Both sides at a target in words: what differs, what sending again does, and what to do about the answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from catalogues import entries_of

import cprsync
from cprsync.language.review import refusal_text
from cprsync.language.sides import TargetPart, field_label, part_lines, target_parts

GUIDE = Path(cprsync.__file__).parent / "guide"


def field(name: str, ours: Any = None, theirs: Any = None, again: str | None = "sets", **more: Any) -> dict[str, Any]:
    return {"field": name, "ours": ours, "theirs": theirs, "again": again, "withheld": None, **more}


def part(*fields: dict[str, Any], code: str = "changed_meanwhile", language: Any = "da", **sides: Any) -> TargetPart:
    held = sides.pop("held", [{"remote": "57", "fields": list(fields)}])
    told: dict[str, Any] = {
        "kind": "koha",
        "reading": "read",
        "failure": None,
        "match": "one",
        "sending": "writes",
        "kinds": [],
        "newer_waits": False,
        "held": held,
    }
    (found,) = target_parts({"targets": [{"name": "koha", "code": code, "sides": told | sides}]}, language)
    return found


def rows(found: TargetPart) -> list[tuple[str, str, str, bool]]:
    return [
        (row.name, *("".join(text for text, _ in side.parts) for side in (row.left, row.right)), row.differs)
        for table in found.tables
        for row in table.rows
    ]


def test_what_differs_has_a_row_and_what_is_equal_is_only_named() -> None:
    found = part(field("city", "Ry", "Rye"), field("surname", "Holm", "Holm", "keeps"))
    assert rows(found) == [("By", "Ry", "Rye", True)]
    assert [table.alike for table in found.tables] == ["Efternavn"]
    assert (found.tables[0].ours, found.tables[0].theirs) == ("Sendes igen", "koha nr. 57 har")


def test_the_heading_has_the_answer_in_words_and_its_code() -> None:
    assert part().heading == "koha: låneren blev ændret imens, to gange (changed_meanwhile)"
    assert part(code="http_404").heading == "koha: svarede HTTP 404 (http_404)"
    assert part(code="of_tomorrow").heading == "koha: of_tomorrow"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (field("city", None, "Ry", "empties"), ("By", "tømmes", "Ry", True)),
        (field("city", again="empties", withheld="protection"), ("By", "tømmes", "vises ikke", True)),
        (field("surname", again="sets", withheld="protection"), ("Efternavn", "vises ikke", "vises ikke", True)),
        (
            field("staff_notes", again="sets", withheld="free_text"),
            ("Note til personalet", "fritekst, vises ikke", "fritekst, vises ikke", True),
        ),
        (field("incorrect_address", ours=True, theirs=False), ("Adressen er forkert", "ja", "nej", True)),
        (field("expiry_date", "2027-03-22", "snart"), ("Udløber", "22. marts 2027", "snart", True)),
        (field("address2", "2. tv"), ("Adresse 2", "2. tv", "–", True)),
    ],
)
def test_a_row_says_what_each_side_has(given: dict[str, Any], expected: Any) -> None:
    assert rows(part(given)) == [expected]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("attribute CPR", "Attribut CPR"),
        ("altaddress_city", "Anden adresse, By"),
        ("altcontact_address2", "Kontaktperson, Adresse 2"),
        ("number", "CPR-nummer"),
        ("abroad", "Adresse i udlandet"),
        ("rights", "Rettigheder til netmedier"),
        ("contact_address", "Kontaktadresse"),
        ("sms_number", "sms_number"),
    ],
)
def test_a_field_has_the_name_that_staff_know(name: str, expected: str) -> None:
    assert field_label(name, "da") == expected


def test_of_several_everything_is_shown_so_that_staff_see_who_they_are() -> None:
    there = [{"remote": one, "fields": [field("surname", "Holm", "Holm", "keeps")]} for one in ("57", "58")]
    found = part(held=there, match="several", sending="refused", code="two_patrons")
    assert [row[1:] for row in rows(found)] == [("Holm", "Holm", False)] * 2
    assert found.says == (
        "2 lånere i koha har CPR-nummeret. Slå dem sammen i koha, og send igen. Ellers bliver det afvist igen.",
    )


@pytest.mark.parametrize(
    ("sides", "says"),
    [
        ({"code": "unknown_category"}, "koha har ikke kategorien. Opret den i koha"),
        ({}, "Tager koha imod det, rettes 1 felt."),
        ({"sending": "nothing"}, "koha har nu det, den skal have."),
        ({"match": "nobody", "sending": "adds"}, "Sendes det igen, oprettes låneren."),
        ({"match": "nobody", "sending": "refused"}, "Opret låneren i koha, og send igen."),
        ({"match": "other_person", "sending": "refused"}, "Nr. 57 i koha er nu en anden person"),
        ({"kinds": ["address_form"]}, "Samme adresse, skrevet anderledes."),
        ({"newer_waits": True}, "venter allerede på at blive sendt til koha"),
        ({"reading": "never"}, "Ingen kan se, hvad koha har"),
        ({"reading": "unanswered"}, "koha kunne ikke spørges nu. Prøv igen om lidt."),
        ({"reading": "refused", "failure": "target.refused"}, "sig det til driften (target.refused)"),
        ({"reading": "removed"}, "koha er ikke sat op i cprsync mere."),
        ({"reading": "nothing"}, "cprsync har ikke noget til koha om låneren nu."),
    ],
)
def test_what_the_target_has_and_what_to_do_is_said_in_words(sides: dict[str, Any], says: str) -> None:
    assert says in " ".join(part(field("city", "Ry", "Rye"), **sides).says)


def test_no_advice_is_given_where_nothing_is_left_to_do() -> None:
    assert len(part(code="unknown_category", sending="nothing").says) == 1
    assert len(part(code="unknown_category", reading="removed").says) == 1


def test_that_something_is_withheld_is_said_once() -> None:
    shut = field("surname", again="keeps", withheld="protection")
    assert "Skjulte oplysninger vises ikke, hverken vores eller deres." in part(shut).says
    assert len(part(field("staff_notes", withheld="free_text")).says) == 2


def test_a_target_that_shows_nothing_has_one_column() -> None:
    alone = field("municipality", "0461", None, None)
    found = part(alone, reading="never", match=None, sending=None)
    assert (found.tables[0].theirs, rows(found)) == ("", [("Kommune", "Odense (0461)", "–", False)])
    assert list(part_lines(found))[-1].split() == ["Kommune", "Odense", "(0461)"]


@pytest.mark.parametrize("match", ["nobody", "other_person"])
def test_where_nobody_is_there_ours_stands_alone_and_nothing_is_said_to_differ(match: str) -> None:
    found = part(field("city", "Ry"), match=match, sending="refused")
    assert (found.tables[0].ours, found.tables[0].theirs, rows(found)) == (
        "cprsync har",
        "",
        [("By", "Ry", "–", False)],
    )


def test_on_a_terminal_what_differs_is_marked() -> None:
    lines = list(part_lines(part(field("city", "Ry", "Rye"), field("surname", "Holm", "Holm", "keeps"), language="en")))
    assert [line.split() for line in lines[-3:]] == [
        ["Sent", "again", "koha", "no.", "57", "has"],
        ["≠", "City", "Ry", "Rye"],
        ["=", "Surname"],
    ]
    assert list(part_lines(part(held=[])))[1:] == [f"    {one}" for one in part(held=[]).says]


def test_an_item_without_refusals_has_no_part() -> None:
    assert list(target_parts({"targets": []}, "da")) == list(target_parts({}, "da")) == []


def test_the_guide_has_each_code_with_the_words_that_the_desk_reads() -> None:
    guide = (GUIDE / "systems.md").read_text("utf-8")
    table = guide[guide.index("| code | what the desk reads | do |") :].partition("\n\n")[0]
    found = dict(re.findall(r"^\| `([a-z_0-9]+)` \| ([^|]+) \|", table, re.MULTILINE))
    words = {key.removeprefix("refused_") for key in entries_of("words", "en") if key.startswith("refused_")}
    assert found.keys() == (words - {"http", "deliveries"}) | {"http_404"}
    for code, text in found.items():
        assert refusal_text({"name": "koha", "code": code}, "en") == f"koha: {text} ({code})"
