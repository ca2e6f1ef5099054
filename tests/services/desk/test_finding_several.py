"""Patrons found by telephone, and by name with birth date. A protected patron is never found by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from doubles import altered, unowned
from test_leaving import leave
from townspeople import cpr, gains_protection, moves, person, renames

from cprsync.domain.patron.local import ListChange
from cprsync.domain.person.person import SILENT
from cprsync.domain.person.sealed import Name
from cprsync.services.desk.finding import HITS_MAX, Finder
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.planning.applying import make_finding_keys

if TYPE_CHECKING:
    from doubles import Library

SHARED = "20304050"


def find(library: Library, typed: str) -> dict[str, Any]:
    return Finder(library, "lisbeth").find(typed)


def named(key: str, *, last: bool = False) -> str:
    name, born = person(key).name, person(key).birth
    text = name.last if last else name.addressing  # type: ignore[union-attr]  # a town's person has a name
    return f"{text} {born.day:%d-%m-%Y}"  # type: ignore[union-attr]  # and a birth date


def gives_telephone(library: Library, key: str, text: str = SHARED, doing: ListChange = ListChange.ADD) -> None:
    counter = SettingDesk(library, frozenset())
    set_field(counter, Setting(library.id_of(key), "telephones", text, "lisbeth", doing=doing))


def test_a_patron_is_found_by_name_with_birth_date(either_library: Library) -> None:
    library = either_library
    found = find(library, named("ANNA", last=True))
    assert found == {"found": True, "patron": library.id_of("ANNA"), "by": "name", "warnings": []}
    assert find(library, named("ANNA").upper())["patron"] == library.id_of("ANNA")


def test_a_name_finds_nobody_without_the_birth_date_or_by_the_end_of_a_word(library: Library) -> None:
    born = person("ANNA").birth.day  # type: ignore[union-attr]  # a town's person has a birth date
    assert find(library, person("ANNA").name.addressing)["warnings"] == ["no_date"]  # type: ignore[union-attr]
    first = person("ANNA").name.first  # type: ignore[union-attr]  # a town's person has a name
    assert find(library, f"{first[1:]} {born:%d-%m-%Y}")["found"] is False
    assert find(library, f"{first}x {born:%d-%m-%Y}")["found"] is False
    assert find(library, f"{first} {born.replace(year=born.year - 1):%d-%m-%Y}")["found"] is False


@pytest.mark.parametrize("typed", ["Sø Åg", "So Agar", "SOEREN aagaard", "aag", "Agard Søren", "Thor So", "Lydi Luk"])
def test_the_beginning_of_each_name_finds_in_any_spelling(either_library: Library, typed: str) -> None:
    library = either_library
    name = Name("Søren Ågård", "Søren Þór", "Łukasz Lyðia", "Ågård")
    library.deliver(date(2027, 3, 22), replace(person("ANNA"), name=name))
    library.one_night()
    born = person("ANNA").birth.day  # type: ignore[union-attr]  # a town's person has a birth date
    assert find(library, f"{typed} {born:%d-%m-%Y}")["patron"] == library.id_of("ANNA")


def test_a_patron_is_found_by_e_mail_and_a_protected_one_without_their_name(either_library: Library) -> None:
    library, typed = either_library, " Anna.Holm@Example.dk"
    for key in ("ANNA", "BO"):
        set_field(SettingDesk(library, frozenset()), Setting(library.id_of(key), "emails", typed.strip(), "lisbeth"))
        found = find(library, typed)
        if key == "ANNA":
            assert found == {"found": True, "patron": library.id_of("ANNA"), "by": "email", "warnings": []}
    hits = {one["patron"]: one for one in found["hits"]}
    assert hits[library.id_of("BO")] == {
        "patron": library.id_of("BO"), "name": None, "born": None, "road": None, "sealed": True,
    }  # fmt: skip
    assert find(library, "anna.holm@example.d")["found"] is False


def test_a_protected_patron_is_not_found_by_name(either_library: Library) -> None:
    library = either_library
    assert find(library, named("BO"))["found"] is False
    assert find(library, cpr("BO").digits)["patron"] == library.id_of("BO")


def test_a_patron_is_not_found_by_name_from_the_moment_of_protection(library: Library) -> None:
    """The keys are made later; what is shown is asked of the record as it is now."""
    assert find(library, named("ANNA"))["found"]
    made = library.rows("finding_key")
    library.deliver(date(2027, 3, 22), gains_protection(person("ANNA")))
    night = library.one_night(_without_keys(library))
    assert night.exit_code == 0
    assert library.rows("finding_key") == made
    assert find(library, named("ANNA"))["found"] is False
    library.one_night()
    ours = [row for row in library.rows("finding_key") if row["patron_id"] == library.id_of("ANNA")]
    assert ours == []


def _without_keys(library: Library) -> Any:
    return altered(library.store, finding_refresh=lambda _: 0)


def test_a_protected_patron_is_not_counted_among_the_patrons_of_a_name(library: Library) -> None:
    twin = replace(person("CLARA"), name=person("ANNA").name, birth=person("ANNA").birth)
    hidden = gains_protection(replace(person("DAVID"), name=person("ANNA").name, birth=person("ANNA").birth))
    library.deliver(date(2027, 3, 22), hidden)
    library.one_night()
    assert find(library, named("ANNA"))["patron"] == library.id_of("ANNA")
    library.deliver(date(2027, 3, 23), twin)
    library.one_night()
    found = find(library, named("ANNA"))
    assert found["patron"] is None
    assert {one["patron"] for one in found["hits"]} == {library.id_of("ANNA"), library.id_of("CLARA")}


def test_several_patrons_of_a_name_and_a_birth_date_are_told_apart_by_their_roads(library: Library) -> None:
    twin = replace(person("CLARA"), name=person("ANNA").name, birth=person("ANNA").birth)
    library.deliver(date(2027, 3, 22), twin)
    library.one_night()
    hits = find(library, named("ANNA"))["hits"]
    assert len({(one["road"], one["patron"]) for one in hits}) == 2
    assert all(one["name"] == person("ANNA").name.addressing and one["road"] for one in hits)  # type: ignore[union-attr]


def test_a_silent_patron_is_not_found_by_name_as_long_as_silence_seals(library: Library) -> None:
    library.enrol("EDITH")
    library.register.knows(replace(person("EDITH"), protection=SILENT))
    library.one_night()
    assert find(library, named("EDITH"))["found"] is False
    library.policy = replace(library.policy, silent_is_sealed=False)
    assert find(library, named("EDITH"))["found"]


def test_a_telephone_finds_its_patron_however_it_is_written(either_library: Library) -> None:
    library = either_library
    gives_telephone(library, "ANNA")
    for typed in ("20304050", "20 30 40 50", "+45 20304050", "0045 20 30 40 50"):
        assert find(library, typed) == {
            "found": True,
            "patron": library.id_of("ANNA"),
            "by": "telephone",
            "warnings": [],
        }
    gives_telephone(library, "ANNA", doing=ListChange.REMOVE)
    assert find(library, SHARED)["found"] is False


def test_a_shared_telephone_lists_its_patrons_and_shows_nothing_of_a_protected_one(library: Library) -> None:
    for key in ("ANNA", "BO", "CLARA"):
        gives_telephone(library, key)
    found = find(library, SHARED)
    assert found["patron"] is None
    by_patron = {one["patron"]: one for one in found["hits"]}
    assert by_patron.keys() == {library.id_of(key) for key in ("ANNA", "BO", "CLARA")}
    shut = by_patron[library.id_of("BO")]
    assert shut == {"patron": library.id_of("BO"), "name": None, "born": None, "road": None, "sealed": True}


def test_patrons_of_a_telephone_are_listed_by_their_names_and_the_hidden_last(library: Library) -> None:
    library.deliver(
        date(2027, 3, 22),
        *(
            replace(person(key), name=Name(name))
            for key, name in (("ANNA", "Åse"), ("CLARA", "Zoë"), ("DAVID", "Øjvind"))
        ),
    )
    library.one_night()
    for key in ("ANNA", "BO", "CLARA", "DAVID"):
        gives_telephone(library, key)
    assert [one["name"] for one in find(library, SHARED)["hits"]] == ["Zoë", "Øjvind", "Åse", None]


def test_a_patron_number_that_is_anothers_telephone_lists_both(library: Library) -> None:
    gives_telephone(library, "CLARA", library.id_of("ANNA"))
    found = find(library, library.id_of("ANNA"))
    assert [one["patron"] for one in found["hits"]] == [library.id_of("ANNA"), library.id_of("CLARA")]


def test_no_more_than_a_page_of_patrons_is_listed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("ANNA", "CLARA", "DAVID"):
        gives_telephone(library, key)
    monkeypatch.setattr("cprsync.services.desk.finding.HITS_MAX", 2)
    found = find(library, SHARED)
    assert (len(found["hits"]), found["warnings"]) == (2, ["more"])
    assert HITS_MAX == 20


def test_a_patron_who_leaves_is_found_by_neither_and_leaves_no_key(either_library: Library) -> None:
    library = either_library
    gives_telephone(library, "ANNA")
    assert find(library, SHARED)["found"]
    leaver = library.id_of("ANNA")
    leave(library, leaver)
    assert not [row for row in library.rows("finding_key") if row["patron_id"] == leaver]
    assert find(library, SHARED)["found"] is False
    assert find(library, named("ANNA"))["found"] is False


def test_a_new_name_finds_the_patron_and_the_old_one_nobody(library: Library) -> None:
    library.deliver(date(2027, 3, 22), renames(person("ANNA")))
    library.one_night()
    assert find(library, named("ANNA"))["found"] is False
    born = person("ANNA").birth.day  # type: ignore[union-attr]  # a town's person has a birth date
    assert find(library, f"Mette Aagaard {born:%d.%m.%Y}")["patron"] == library.id_of("ANNA")


def test_a_move_and_a_name_need_no_new_keys_and_the_new_name_finds_at_once(either_library: Library) -> None:
    library = either_library
    library.one_night()
    library.deliver(date(2027, 3, 22), moves(person("ANNA")))
    library.one_night(_without_keys(library))
    assert library.store.finding.is_complete()
    assert find(library, named("ANNA"))["patron"] == library.id_of("ANNA")
    library.deliver(date(2027, 3, 23), renames(moves(person("ANNA"))))
    library.one_night(_without_keys(library))
    assert library.store.finding.is_complete()
    assert find(library, named("ANNA"))["found"] is False
    now = renames(person("ANNA"))
    assert find(library, f"{now.name.addressing} {now.birth.day:%d-%m-%Y}")["patron"] == library.id_of("ANNA")  # type: ignore[union-attr]  # known


def test_what_a_search_may_still_miss_is_said_until_a_night_has_made_the_keys(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cprsync.services.desk.finding.REFRESHED_MAX", 1)
    library.enrol("EDITH", "FINN")
    assert find(library, "Nobody 01-01-1990")["warnings"] == ["incomplete"]
    make_finding_keys(library.ports())
    assert library.store.finding.is_complete()
    before = library.everything()
    make_finding_keys(library.ports())
    assert find(library, "Nobody 01-01-1990")["warnings"] == []
    assert unowned(library.everything()) == unowned(before)
