"""The import of patrons: a table in, patrons not yet verified out; a bad row is named by line and field."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, Killed, altered, happened
from test_leaving import leave
from test_number_change import replaced
from test_setting import row, set_
from town import number
from townspeople import cpr, person
from whole import patron_ids, verify_audit

from cprsync.config.columns import load_columns
from cprsync.domain.patron.fields import FIELD, FIELDS
from cprsync.domain.patron.kinds import LINE
from cprsync.domain.patron.local import Absence, Block
from cprsync.domain.patron.review import BOTH_PATRONS, State
from cprsync.domain.person.person import Person
from cprsync.domain.policy.policy import AgeGroup, Ladder, Ladders, PatronGroup
from cprsync.errors import BadInput, ConfigurationError
from cprsync.resources import fixture_path
from cprsync.services.desk.viewing import RecordViewer
from cprsync.services.imports.patrons import Importing, as_patron, import_patrons
from cprsync.services.imports.results import nothing_seen
from cprsync.services.imports.rows import PATRON_COLUMNS, Columns, ImportColumn, columns_of_table
from cprsync.services.ports.desk import GivenAnswer

if TYPE_CHECKING:
    from pathlib import Path

    from doubles import Library

    from cprsync.services.imports.results import Imported

ANNA, BO, CLARA = number("ANNA"), number("BO"), number("CLARA")
LADDERS = Ladders((Ladder(date(2000, 1, 1), (AgeGroup("Barn", 0), AgeGroup("Ung", 14), AgeGroup("Voksen", 18))),))
HEADER = "cpr_number,card,branch,group,language\n"


def take(library: Library, text: str, *, apply: bool = True) -> Imported:
    return take_bytes(library, text.encode(), apply=apply)


def take_bytes(library: Library, content: bytes, *, apply: bool = True, columns: Columns = PATRON_COLUMNS) -> Imported:
    how = Importing(library.store, library.clock.today(), apply=apply, policy=library.policy, columns=columns)
    return import_patrons(io.BytesIO(content), how)


def made(imported: Imported) -> dict[int, str]:
    """By line, the patron numbers that were given."""
    assert imported.patrons is not None
    return dict(imported.patrons.made())


def told(imported: Imported) -> list[tuple[int, str]]:
    return [(refused.line, refused.field) for refused in imported.refused]


def test_a_table_becomes_patrons_that_are_not_yet_verified(new_library: Library) -> None:
    imported = take(new_library, HEADER + f"{ANNA},C1,main,adult,en\n{BO[:6]}-{BO[6:]},C2,,,\n")
    ids = [new_library.id_of(key) for key in ("ANNA", "BO")]
    assert made(imported) == dict(zip((2, 3), ids, strict=True))
    assert imported.document() == {
        "rows": 2,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "refused": [],
        "encoding": "utf-8",
        "stays": [],
        "returns": [],
        "register_owns": {},
        "warnings": [],
    }
    anna, bo = new_library.view("ANNA"), new_library.view("BO")
    assert (anna.register, anna.patron.verified) == (Person(cpr("ANNA")), False)
    assert [card.number for card in anna.local.cards] == ["C1"]
    assert (anna.local.branch, anna.local.group, anna.local.language) == ("main", "adult", "en")
    assert bo.local.language == "da"


def test_a_row_of_a_branch_that_the_library_has_not_is_refused_and_the_others_taken(new_library: Library) -> None:
    new_library.policy = replace(new_library.policy, branches=("Main", "East"))
    text = HEADER + f"{ANNA},C1,main,,\n{BO},C2,Hidden Place,,\n{CLARA},C3,,,\n"
    for counts in ({"created": 2}, {"unchanged": 2}):
        imported = take(new_library, text)
        assert (imported.counts, told(imported)) == (counts, [(3, "branch")])
        assert "Hidden" not in str(imported.document())
    assert (new_library.view("ANNA").local.branch, new_library.view("CLARA").local.branch) == ("Main", "")


def test_semicolons_a_byte_order_mark_quotes_and_another_order_are_read(new_library: Library) -> None:
    text = f'\ufeffcard;cpr_number\r\n"C;1";{ANNA}\r\n\r\n C2 ; {BO} ;\r\n'
    assert take(new_library, text).counts == {"created": 2}
    assert [card.number for card in new_library.view("ANNA").local.cards] == ["C;1"]
    assert [card.number for card in new_library.view("BO").local.cards] == ["C2"]


def test_a_dry_run_says_the_same_and_writes_nothing(new_library: Library) -> None:
    text = HEADER + f"{ANNA},C1,,,\n{BO},C1,,,\n{CLARA},C3,,,\n{CLARA},C4,,,\nx,,,,\n"
    before = new_library.everything()
    dry = take(new_library, text, apply=False)
    assert new_library.everything() == before
    assert dry.document() == take(new_library, text).document()
    # the patron numbers of a dry run nobody has afterwards
    assert made(dry) == {}


def test_twice_is_once(new_library: Library) -> None:
    text = HEADER + f"{ANNA},C1,main,adult,en\n{BO},C2,,,\n"
    take(new_library, text)
    before = new_library.everything()
    assert take(new_library, text).counts == {"unchanged": 2}
    assert new_library.everything() == before


@pytest.mark.parametrize("key", ["same-import"])
def test_whoever_is_not_in_the_list_stays_as_she_is(new_library: Library, key: str) -> None:
    """Other systems close whom a list leaves out; here only the desk does."""
    take(new_library, HEADER + f"{ANNA},C1,main,adult,en\n")
    before = new_library.view("ANNA")
    assert take(new_library, HEADER + f"{BO},C2,,,\n").counts == {"created": 1}, key
    assert take(new_library, HEADER + f"{BO},C2,,,\n").counts == {"unchanged": 1}
    after = new_library.view("ANNA")
    assert (after.patron, after.local, after.stage) == (before.patron, before.local, before.stage)


def test_an_empty_cell_overwrites_nothing(new_library: Library) -> None:
    take(new_library, HEADER + f"{ANNA},C1,main,adult,en\n")
    before = new_library.everything()
    assert take(new_library, f"cpr_number,card\n{ANNA},\n").counts == {"unchanged": 1}
    assert new_library.everything() == before
    assert take(new_library, HEADER + f"{ANNA},,east,,\n").counts == {"updated": 1}
    local = new_library.view("ANNA").local
    assert (local.branch, local.group, local.language) == ("east", "adult", "en")


@pytest.mark.parametrize("bad", ["123", "abcdefghij", "12345678901", "１２３４５６７８９０"])
def test_a_bad_number_is_refused_by_line_and_never_quoted(new_library: Library, bad: str) -> None:
    imported = take(new_library, HEADER + f"{ANNA},,,,\n{bad},C9,,,\n{BO},,,,\n")
    assert told(imported) == [(3, "cpr_number")]
    assert imported.counts == {"created": 2}
    assert bad not in imported.refused[0].reason


def test_a_number_that_a_spreadsheet_has_cut_the_zero_from_says_so(new_library: Library) -> None:
    before = new_library.everything()
    (refused,) = take(new_library, HEADER + "101010001,C9,,,\n").refused
    assert (refused.field, refused.why) == ("cpr_number", "nine")
    assert new_library.everything() == before


@pytest.mark.parametrize("bad", ["1234567890", "9999999999", "300280-1234", "9213801234"])
def test_a_number_that_nobody_can_have_makes_no_patron(new_library: Library, bad: str) -> None:
    before = new_library.everything()
    imported = take(new_library, HEADER + f"{bad},C9,,,\n")
    assert (told(imported), imported.counts) == ([(2, "cpr_number")], {})
    assert bad not in str(imported.refused[0].error.document())
    assert new_library.everything() == before


@pytest.mark.parametrize("made", [f"{int(ANNA[:2]) + 60}{ANNA[2:]}", f"{ANNA[:6]}KOT1"])
def test_a_replacement_number_is_imported_and_so_is_one_without_a_check_digit(new_library: Library, made: str) -> None:
    """Modulus 11 is no reason to refuse: numbers without it are issued since 2007 (cpr.dk)."""
    without = next(f"{BO[:9]}{digit}" for digit in "0123456789" if f"{BO[:9]}{digit}" != BO)
    assert take(new_library, HEADER + f"{made},,,,\n{without},,,,\n").counts == {"created": 2}


def test_refused_rows_leave_the_others_to_be_taken_and_stand_in_the_order_of_their_lines(new_library: Library) -> None:
    rows = (
        f"{ANNA},C1,,,",
        f"{BO},C1,,,",
        f"{ANNA},C5,,,",
        f"{CLARA},{'C' * (LINE.cell_max + 1)},,,",
        f"{number('DAVID')},C6,,,,more",
        f"{number('EDITH')},C\x077,,,",
        f"{number('FINN')}",
    )
    imported = take(new_library, HEADER + "\n".join(rows))
    assert told(imported) == [(3, "cards"), (4, "cpr_number"), (5, "cards"), (6, "row"), (7, "cards")]
    assert (imported.rows, imported.counts["created"]) == (7, 2)
    assert new_library.store.patrons.count() == 2


def test_a_card_of_another_patron_is_not_taken(new_library: Library) -> None:
    take(new_library, HEADER + f"{ANNA},C1,,,\n")
    before = new_library.everything()
    imported = take(new_library, HEADER + f"{BO},C1,,,\n")
    assert [(one.line, one.field, one.reason) for one in imported.refused] == [
        (2, "cards", "another patron has this card")
    ]
    assert new_library.everything() == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\ufeff\n",
        "cpr_number,nickname\n",
        "cpr_number,card,card\n",
        HEADER + f'{ANNA},C1,,,\n{BO},"C2,,,\n',
    ],
)
def test_what_is_no_such_table_is_refused_whole(new_library: Library, text: str) -> None:
    before = new_library.everything()
    with pytest.raises(BadInput) as refused:
        take(new_library, text)
    assert new_library.everything() == before
    assert ANNA not in refused.value.message


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("cpr_number,Kælenavn", 'line 1: column 2, "Kælenavn", is not known'),
        # a list without a header, or one with a column too few: what stands there is somebody's
        (f"cpr_number,{ANNA}", "line 1: column 2 is not known"),
        ("cpr_number,anna@example.dk", "line 1: column 2 is not known"),
        ("cpr_number," + "Anna " * 20, "line 1: column 2 is not known"),
        ("Mette Skov,Uglesporet,Voksen", "line 1: column 1 is not known"),
    ],
)
def test_a_column_that_is_not_known_is_named_unless_its_name_may_be_someones_data(
    new_library: Library, header: str, said: str
) -> None:
    before = new_library.everything()
    with pytest.raises(BadInput) as refused:
        take(new_library, f"{header}\n{BO},x\n")
    assert refused.value.message.startswith(said)
    assert new_library.everything() == before


@pytest.mark.parametrize("rows", [0, 3000])
def test_a_file_in_neither_encoding_is_refused_whole_wherever_it_shows(new_library: Library, rows: int) -> None:
    content = HEADER.encode() + f"{ANNA},C1,,,\n".encode() * rows + f"{BO},C2,N".encode() + b"\x81\xf8rre,,\n"
    before = new_library.everything()
    with pytest.raises(BadInput) as refused:
        take_bytes(new_library, content)
    assert refused.value.kind == "input.encoding"
    assert new_library.everything() == before


# -- whom the list still knows as she was ------------------------------------------------------------------


@pytest.mark.parametrize("apply", [False, True])
def test_a_number_that_was_replaced_makes_no_second_patron(either_library: Library, apply: bool) -> None:
    """The row is refused and names who she is now: beside it may stand a newer row under her own number."""
    library = either_library
    anna = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(cpr("ANNA"), cpr("HENRIK")), person("HENRIK"))
    library.night()
    before = library.everything()
    imported = take(library, HEADER + f"{ANNA},C9,east,Senior,en\n", apply=apply)
    assert told(imported) == [(2, "cpr_number")]
    assert anna in imported.refused[0].reason
    assert imported.counts == {}
    assert library.everything() == before


def test_a_number_that_went_with_a_merged_patron_makes_no_second_patron(library: Library) -> None:
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    library.deliver(MONDAY, replaced(cpr("ANNA"), cpr("CLARA")), person("CLARA"))
    library.night()
    (waiting,) = [item for item in library.store.review_desk.items(all_states=False) if item.kind == BOTH_PATRONS]
    library.store.review_desk.write(GivenAnswer(waiting, State.ACCEPTED, "lone"))
    before = library.everything()
    imported = take(library, HEADER + f"{ANNA},C9,east,,\n")
    assert (told(imported), clara in imported.refused[0].reason) == ([(2, "cpr_number")], True)
    assert library.everything() == before
    assert anna not in patron_ids(library.store)


def test_age_decides_over_the_group_that_a_list_names(either_library: Library) -> None:
    """ANNA is an adult; only a group that does not follow age is the library's to give."""
    library = either_library
    library.policy = replace(library.policy, ladders=LADDERS)
    take(library, HEADER + f"{ANNA},,,Barn,\n")
    assert library.view("ANNA").local.group == "Voksen"
    before = library.everything()
    assert take(library, HEADER + f"{ANNA},,,Barn,\n").counts == {"unchanged": 1}
    assert library.everything() == before
    take(library, HEADER + f"{ANNA},,,Personale,\n")
    assert library.view("ANNA").local.group == "Personale"


def test_of_whoever_comes_with_the_list_the_number_tells_the_age(new_library: Library) -> None:
    new_library.policy = replace(new_library.policy, ladders=LADDERS)
    take(new_library, HEADER + f"{ANNA},,,Barn,\n{BO},,,Personale,\n{CLARA},,,,\n")
    assert [new_library.view(key).local.group for key in ("ANNA", "BO", "CLARA")] == ["Voksen", "Personale", "Voksen"]


@pytest.mark.parametrize("apply", [False, True])
def test_a_group_that_is_left_out_since_age_says_another_is_told_with_the_first_line_and_how_many(
    either_library: Library, apply: bool
) -> None:
    """Of those who are here and of those who come."""
    library = either_library
    library.policy = replace(library.policy, ladders=LADDERS, groups=(PatronGroup("Personale"),))
    text = HEADER + f"{CLARA},,,Voksen,\n{ANNA},,,Barn,\n{BO},,,Personale,\n{number('EDITH')},,,Barn,\n"
    for _ in range(2):
        (doubt,) = take(library, text, apply=apply).document()["warnings"]
        assert (doubt["line"], doubt["field"], doubt["rows"]) == (3, "group", 2)
        assert doubt["reason"].startswith("the patron group was left out: it follows age")


@pytest.mark.parametrize("apply", [False, True])
def test_a_group_that_the_policy_does_not_name_is_taken_and_doubted_with_the_groups_that_there_are(
    new_library: Library, apply: bool
) -> None:
    text = HEADER + f"{ANNA},,,Voksne,\n{BO},,,Voksne,\n{CLARA},,,Voksen,\nx,,,Voksne,\n"
    assert take(new_library, text, apply=False).document()["warnings"] == []
    new_library.policy = replace(new_library.policy, ladders=LADDERS, groups=(PatronGroup("Personale"),))
    (doubt,) = take(new_library, text, apply=apply).document()["warnings"]
    assert (doubt["line"], doubt["field"], doubt["rows"]) == (2, "group", 2)
    assert doubt["reason"].endswith("There are Barn, Ung, Voksen, Personale")
    assert "Voksne" not in doubt["reason"]


def test_a_language_in_which_there_are_no_letters_is_taken_and_told_of(new_library: Library) -> None:
    text = HEADER + f"{ANNA},,,,en\n{BO},,,,sv\n{CLARA},,,,fo\n"
    (doubt,) = take(new_library, text).document()["warnings"]
    assert (doubt["line"], doubt["field"], doubt["rows"]) == (3, "language", 2)
    assert new_library.view("BO").local.language == "sv"


def test_of_many_groups_that_the_policy_does_not_name_the_first_are_told_one_by_one(new_library: Library) -> None:
    new_library.policy = replace(new_library.policy, ladders=LADDERS)
    text = "cards,group\n" + "".join(f"C{n},G{n}\n" for n in range(30))
    warnings = take(new_library, text, apply=False).document()["warnings"]
    assert [(one["line"], one["rows"]) for one in warnings] == [*((n + 2, 1) for n in range(20)), (22, 10)]


# -- what a list may say ------------------------------------------------------------------------------------

FULL = (
    "CPR-nummer;LånerID;Lånergruppe;Tilhørsfilial;Sprog;Telefon;E-mail og E-mail (notif);c/o navn og adresse;"
    "Fraværsperiode;Blokeret d.;Blokeringsårsag;Intern note;Note til låner;Lånertype\n"
    f"{ANNA};C1|C2;Personale;Hovedbibliotek;da;12345678|*+4587654321;a@b.dk;c/o Bo|Skolevej 1|8000 Aarhus C;"
    "2027-03-01 2027-06-30;2027-02-01;mistet kort;husk bogen;hilsen;institution\n"
)


def test_every_field_of_the_table_that_is_imported_may_be_a_column(either_library: Library) -> None:
    library = either_library
    assert take(library, FULL).counts == {"updated": 1}
    local = library.view("ANNA").local
    assert [card.number for card in local.cards] == ["ANNA", "C1", "C2"]
    assert [(one.number, one.notices) for one in local.telephones] == [("12345678", False), ("+4587654321", True)]
    assert [(one.address, one.notices) for one in local.emails] == [("a@b.dk", False)]
    assert local.contact_address == ("c/o Bo", "Skolevej 1", "8000 Aarhus C")
    assert (local.absence, local.blocks) == (
        Absence(date(2027, 3, 1), date(2027, 6, 30)),
        (Block(date(2027, 2, 1), "mistet kort"),),
    )
    assert (local.group, local.branch, local.internal_note, local.note_to_patron) == (
        *("Personale", "Hovedbibliotek", "husk bogen", "hilsen"),
    )
    assert row(library, "ANNA")["kind"] == "institution"
    before = library.everything()
    assert take(library, FULL).counts == {"unchanged": 1}
    assert library.everything() == before
    library.night()


@pytest.mark.parametrize("apply", [False, True])
def test_a_field_that_the_table_lets_in_and_nothing_reads_is_refused_before_the_first_row(
    library: Library, *, apply: bool
) -> None:
    """It would be dropped from every row, and the list would say that it was taken."""
    columns = columns_of_table((*FIELDS, replace(FIELD["municipality"], imported=True)))
    before = library.everything()
    for _ in range(2):
        with pytest.raises(ConfigurationError) as refused:
            take_bytes(library, f"cpr_number,card\n{CLARA},C3\n".encode(), apply=apply, columns=columns)
        assert (refused.value.kind, refused.value.values["field"]) == ("fields.unread", "municipality")
        assert library.everything() == before


def test_a_value_that_nothing_reads_is_never_dropped_from_a_row() -> None:
    with nothing_seen() as seen, pytest.raises(ConfigurationError) as refused:
        as_patron(2, {"cpr_number": CLARA, "municipality": "0751"}, seen, on=date(2027, 3, 22))
    assert refused.value.values["field"] == "municipality"
    assert "0751" not in str(refused.value)


def test_a_mapping_that_leaves_the_unread_field_out_is_imported(library: Library) -> None:
    columns = Columns({"nr": ImportColumn("cpr_number"), "kort": ImportColumn("cards")}, leaves_out=True)
    assert take_bytes(library, f"nr;kort;skonr\n{number('EDITH')};C9;41\n".encode(), columns=columns).refused == []
    assert library.view("EDITH").local.cards[0].number == "C9"


def test_only_what_is_marked_is_for_notices_and_a_list_without_marks_moves_none(either_library: Library) -> None:
    """Mobil (notif) and E-mail (notif) are fields of their own: one telephone alone may be a landline."""
    library = either_library

    def marked(text: str) -> list[list[bool]]:
        take(library, text)
        local = library.view("ANNA").local
        return [[one.notices for one in local.telephones], [one.notices for one in local.emails]]

    assert marked(f"cpr_number,Telefon,E-mail\n{ANNA},87000000,a@b.dk\n") == [[False], [False]]
    notices = "cpr_number,Telefon,Mobil (notif),E-mail,E-mail (notif)\n"
    assert marked(notices + f"{ANNA},87000000,20000000,a@b.dk,*a@b.dk\n") == [[False, True], [True]]
    assert marked(f"cpr_number,Telefon,email\n{ANNA},20000000|87000001,a@b.dk\n") == [[True, False], [True]]
    assert marked(f"cpr_number,Telefon,email\n{ANNA},20000000|*87000001,c@d.dk\n") == [[False, True], [False]]


def test_the_absence_that_a_list_brings_ends_on_its_day_and_the_list_does_not_bring_it_again(library: Library) -> None:
    text = f"cpr_number,absence\n{ANNA},2027-03-01 2027-03-20\n"
    library.clock.set_after(date(2027, 3, 18))
    take(library, text)
    assert library.view("ANNA").local.absence is not None
    library.night()
    library.clock.set_after(date(2027, 3, 25))
    library.one_night()
    assert library.view("ANNA").local.absence is None
    assert take(library, text).counts == {"unchanged": 1}


def test_a_block_that_staff_have_lifted_is_not_set_again_by_the_same_list(library: Library) -> None:
    text = f"cpr_number,blocked_since,blocked_reason\n{ANNA},2027-02-01,mistet kort\n"
    take(library, text)
    set_(library, "blocks", "2027-03-02 gæld")
    before = library.everything()
    assert take(library, text).counts == {"unchanged": 1}
    assert library.everything() == before


def test_a_block_without_a_day_counts_from_the_import_and_is_the_same_the_day_after(library: Library) -> None:
    text = f"cpr_number,blocked_reason\n{ANNA},mistet kort\n"
    today = library.clock.today()
    take(library, text)
    library.clock.set_after(today)
    assert take(library, text).counts == {"unchanged": 1}
    assert library.view("ANNA").local.blocks == (Block(today, "mistet kort"),)


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("absence", "2027-06-30 2027-03-01"),
        ("absence", "sommer"),
        ("blocked_since", "2027-02-01"),
        ("contact_address", "a|b|c|d|e|f|g"),
        ("emails", "anna"),
        ("telephones", "ring|12345678"),
        ("language", "dansk"),
        ("kind", "firma"),
        ("group", "G" * 65),
        ("internal_note", "n" * 2001),
        ("cards", "C\x07"),
    ],
)
def test_a_cell_that_its_field_cannot_take_is_refused_by_field_and_never_quoted(
    library: Library, field: str, cell: str
) -> None:
    before = library.everything()
    imported = take(library, f"cpr_number,{field}\n{ANNA},{cell}\n")
    (refused,) = imported.refused
    assert refused.field == ("blocked_reason" if field == "blocked_since" else field)
    assert cell not in str(refused.error.document())
    assert cell not in refused.reason
    assert library.everything() == before


# -- who has no number -----------------------------------------------------------------------------------------


def test_a_row_without_a_number_is_known_by_its_card_again(either_library: Library) -> None:
    library = either_library
    text = "cards,kind,branch\nI1,institution,main\nI2|I3,bibliotek,east\n"
    assert take(library, text).counts == {"created": 2}
    before = library.everything()
    assert take(library, text).counts == {"unchanged": 2}
    assert library.everything() == before
    assert take(library, "cards,branch\nI3|I4,west\n").counts == {"updated": 1}
    rows = [one for one in library.rows("patron") if not one["real_number"]]
    assert sorted(one["kind"] for one in rows) == ["institution", "library"]


def test_who_has_no_number_is_never_subscribed_never_asked_about_and_never_told_of(library: Library) -> None:
    take(library, "cards,kind\nI1,institution\n")
    (patron_id,) = [one["id"] for one in library.rows("patron") if not one["real_number"]]
    report = library.night()
    assert (report.exit_code, library.register.looked_up) == (0, [])
    everything = library.everything()
    assert patron_id not in [one["patron_id"] for one in everything["subscription"] + everything["outbox"]]
    shown = RecordViewer(library, "lone").shown(patron_id)
    assert shown["fields"]["cpr_number"]["value"] == "–"
    assert shown["verified"] is False


def test_a_row_may_name_the_patron_number_instead(library: Library) -> None:
    anna = library.id_of("ANNA")
    assert take(library, f"Lånernummer,branch\n{anna},east\n").counts == {"updated": 1}
    assert take(library, f"patron,cpr_number,branch\n{anna},{ANNA},east\n").counts == {"unchanged": 1}


@pytest.mark.parametrize(
    ("header", "cells", "why"),
    [
        ("patron", "99999999", "patron.unknown"),
        ("patron,cpr_number", f"{{bo}},{ANNA}", "patron.other"),
        ("patron,cpr_number", f"99999999,{number('EDITH')}", "patron.other"),
        ("cards", "ANNA|BO", "card.taken"),
        ("branch,cards", "east,", "nobody"),
    ],
)
def test_a_row_that_means_nobody_or_two_is_refused(library: Library, header: str, cells: str, why: str) -> None:
    before = library.everything()
    imported = take(library, f"{header}\n{cells.format(bo=library.id_of('BO'))}\n")
    assert [one.why for one in imported.refused] == [why]
    assert library.everything() == before


def test_a_row_under_the_patron_number_of_someone_who_has_left_brings_nothing_of_her_back(library: Library) -> None:
    anna = library.id_of("ANNA")
    leave(library, anna)
    before = library.everything()
    assert [one.why for one in take(library, f"patron,branch\n{anna},east\n").refused] == ["patron.unknown"]
    assert library.everything() == before


def test_a_group_may_require_a_number(new_library: Library) -> None:
    new_library.policy = replace(new_library.policy, groups=(PatronGroup("Voksen", cpr_required=True),))
    before = new_library.everything()
    imported = take(new_library, "cards,group\nI1,Voksen\n")
    assert [(one.field, one.why) for one in imported.refused] == [("cpr_number", "number.required")]
    assert new_library.everything() == before
    assert take(new_library, "cards,group\nI1,Institution\n").counts == {"created": 1}


def test_two_rows_about_one_patron_are_taken_one_after_the_other(library: Library) -> None:
    text = f"cpr_number,cards,branch\n{ANNA},,east\n,ANNA,west\n"
    assert take(library, text).counts == {"updated": 2}
    assert library.view("ANNA").local.branch == "west"


# -- how a list may be written -----------------------------------------------------------------------------------


@pytest.mark.parametrize("apply", [False, True])
def test_windows_1252_is_found_out_and_said(new_library: Library, apply: bool) -> None:
    imported = take_bytes(new_library, f"cpr_number;branch\n{ANNA};Nørre Å\n".encode("cp1252"), apply=apply)
    assert imported.document()["encoding"] == "windows-1252"
    if apply:
        assert new_library.view("ANNA").local.branch == "Nørre Å"


@pytest.mark.parametrize("listed", [True, False])
def test_json_is_read_as_a_list_or_an_object_a_line(new_library: Library, listed: bool) -> None:
    objects = [
        {"cpr_number": ANNA, "cards": ["C1", "C2"], "emails": ["a@b.dk", "*c@d.dk"], "branch": None},
        {"cpr_number": BO, "cards": 12345678901234567890},
    ]
    text = json.dumps(objects, indent=2) if listed else "\n".join(json.dumps(one) for one in objects)
    assert take(new_library, text).counts == {"created": 2}
    assert [card.number for card in new_library.view("ANNA").local.cards] == ["C1", "C2"]
    assert [one.notices for one in new_library.view("ANNA").local.emails] == [False, True]
    assert [card.number for card in new_library.view("BO").local.cards] == ["12345678901234567890"]


def test_a_refused_object_is_told_by_the_line_it_begins_on(new_library: Library) -> None:
    text = f'[\n{{"cpr_number": "{ANNA}"}},\n\n{{"cpr_number":\n"x"}}\n]\n'
    assert told(take(new_library, text)) == [(4, "cpr_number")]


@pytest.mark.parametrize(
    "text",
    [
        f'[{{"cpr_number": "{ANNA}"}}',
        f'[{{"cpr_number": "{ANNA}"}}] more',
        f'[{{"cpr_number": "{ANNA}"}}, 7]',
        f'{{"cpr_number": "{ANNA}"',
        f'[{{"cpr_number": "{ANNA}", "nickname": "x"}}]',
        f'[{{"cpr_number": {"[" * 5000}',
    ],
)
def test_json_that_is_no_list_of_patrons_is_refused_whole(new_library: Library, text: str) -> None:
    before = new_library.everything()
    with pytest.raises(BadInput) as refused:
        take(new_library, text)
    assert ANNA not in refused.value.message
    assert new_library.everything() == before


def test_text_that_a_spreadsheet_would_take_for_a_formula_is_text_like_any_other(new_library: Library) -> None:
    take(new_library, f"cpr_number\tinternal_note\ttelephones\n{ANNA}\t=1+1\t+4512345678\n")
    local = new_library.view("ANNA").local
    assert (local.internal_note, local.telephones[0].number) == ("=1+1", "+4512345678")


# -- other systems' exports -----------------------------------------------------------------------------------------


def columns(name: str) -> Columns:
    return load_columns(fixture_path(f"columns/{name}.toml"))


def test_kohas_export_is_read_by_its_mapping(new_library: Library) -> None:
    text = (
        "borrowernumber,cardnumber,surname,cpr,branchcode,categorycode,phone,mobile,smsalertnumber,email,"
        "B_address,B_zipcode,B_city,debarred,debarredcomment,borrowernotes\n"
        f"7,K1,Skov,{ANNA},MAIN,PT,12345678,87654321,87654321,a@b.dk,Skolevej 1,8000,Aarhus,9999-12-31,gæld,flink\n"
    )
    assert take_bytes(new_library, text.encode(), columns=columns("koha")).counts == {"created": 1}
    local = new_library.view("ANNA").local
    assert (local.group, local.branch, local.internal_note) == ("Voksen", "MAIN", "flink")
    assert [(one.number, one.notices) for one in local.telephones] == [("12345678", False), ("87654321", True)]
    assert local.contact_address == ("Skolevej 1", "8000", "Aarhus")
    assert [block.reason for block in local.blocks] == ["gæld"]


def test_kohas_names_are_read_of_whom_the_register_does_not_know_once_the_lines_are_opened(
    new_library: Library, tmp_path: Path
) -> None:
    mapping = fixture_path("columns/koha.toml").read_text(encoding="utf-8")
    for line in ('firstname = "name"', 'surname = "name"'):
        assert f"\n# {line}\n" in mapping
        mapping = mapping.replace(f"# {line}", line)
    (tmp_path / "koha.toml").write_text(mapping, encoding="utf-8")
    rows = f"cardnumber,firstname,surname,cpr\nK1,Anna,Skov,{ANNA}\nK2,Mette,Krog,\n"
    made_of = made(take_bytes(new_library, rows.encode(), columns=load_columns(tmp_path / "koha.toml")))
    names = [new_library.store.views.patron(made_of[line]).patron.register.name for line in (2, 3)]
    assert [getattr(name, "addressing", None) for name in names] == [None, "Mette Krog"]


def test_folios_export_is_read_by_its_mapping(new_library: Library) -> None:
    user = {
        "id": "1b9e",
        "barcode": "F1",
        "externalSystemId": ANNA,
        "active": True,
        "patronGroup": "503a81cd-6c26-400f-b620-14c08943697c",
        "personal": {
            "lastName": "Skov",
            "mobilePhone": "87654321",
            "email": "a@b.dk",
            "addresses": [{"city": "Aarhus"}],
        },
        "customFields": {"absentFrom": "2027-04-01T00:00:00.000+00:00", "absentUntil": "2027-05-01"},
    }
    assert take_bytes(new_library, json.dumps(user).encode(), columns=columns("folio")).counts == {"created": 1}
    local = new_library.view("ANNA").local
    assert (local.group, [one.number for one in local.telephones]) == ("Barn", ["87654321"])
    assert [one.notices for one in (*local.telephones, *local.emails)] == [True, True]
    assert local.absence == Absence(date(2027, 4, 1), date(2027, 5, 1))


def test_days_are_read_as_the_mapping_says_they_are_written() -> None:
    assert ImportColumn("blocked_since", day="DD/MM/YYYY").read("1/2/2027 00:00") == "2027-02-01"
    assert ImportColumn("blocked_since", day="MM/DD/YYYY").read("02/01/2027") == "2027-02-01"
    assert ImportColumn("blocked_since", day="YYYYMMDD").read("20270201") == "2027-02-01"
    assert ImportColumn("blocked_since", day="DD.MM.YYYY").read("snart") == "snart"


# -- a long list ---------------------------------------------------------------------------------------------------


def stopping(store: Any, at: int) -> Any:
    """A store that dies after so many transactions."""
    left = [Killed() for _ in range(at)]

    def take_patrons(rows: Any, **how: Any) -> Any:
        if not left:
            raise Killed
        left.pop()
        return store.imports.take_patrons(rows, **how)

    return altered(store, imports_take_patrons=take_patrons)


def test_an_import_that_was_killed_goes_on_when_it_is_run_again(new_library: Library) -> None:
    library = new_library
    text = "cards\n" + "".join(f"L{place}\n" for place in range(1200))
    how = Importing(stopping(library.store, 2), library.clock.today(), apply=True)
    with pytest.raises(Killed):
        import_patrons(io.BytesIO(text.encode()), how)
    assert library.store.patrons.count() == 1000
    assert happened(library.everything())[("import", library.rows("patron")[0]["id"])] == 1
    assert take(library, text).counts == {"created": 200, "unchanged": 1000}
    verify_audit(library.store)
