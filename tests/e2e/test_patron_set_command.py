"""`patron find`, `set` and `set-cpr` as commands: values by standard input only, each refusal without a trace."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import Library, Ran, assert_refused, new_library
from town import number

from cprsync.cli.desk.changing import FIELDS
from cprsync.cli.terminal.user import user_name
from cprsync.domain.desk.settable import settable
from cprsync.mock import control

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("patron set command")
CEILING_SECONDS = 60


@pytest.fixture(scope="module")
def first(mock: tuple[Path, dict[str, Any]]) -> Library:
    """ANNA and INGER, who is protected, are patrons and have their first copies."""
    library = new_library(mock[0].parent / "first", mock[0], ["ANNA", "INGER"])
    assert library.run("sync").exit in {0, 4}
    return library


@pytest.fixture
def library(first: Library, tmp_path: Path) -> Library:
    return first.copy(tmp_path / "library")


def patron(library: Library, *command: str, typed: str) -> Ran:
    """The value goes in by standard input only; in the test's own process, which spares the start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(typed))
        return library.call("patron", *command)


def found(library: Library, key: str) -> str:
    ran = patron(library, "find", typed=f"{number(key)}\n")
    assert ran.exit == 0, ran.err
    return str(ran.document["patron"])


def correct(library: Library, key: str, field: str, typed: str) -> Ran:
    options = ("--reason", "Showed her lease", "--until", "2027-05-01")
    return patron(library, "set", found(library, key), field, *options, typed=typed)


def shown(library: Library, key: str) -> dict[str, Any]:
    return dict(library.run("patron", "show", found(library, key)).document["fields"])


def test_the_program_itself_reads_standard_input(library: Library) -> None:
    config = str(library.folder / "cprsync.toml")
    done = subprocess.run(
        [sys.executable, "-m", "cprsync", "patron", "find", "--config", config],
        input=f"{number('ANNA')}\n",
        capture_output=True,
        text=True,
        timeout=CEILING_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, found(library, "ANNA"))


def test_a_patron_is_found_by_number_and_nobody_by_nobodys(library: Library) -> None:
    ran = patron(library, "find", typed=f"{number('ANNA')[:6]}-{number('ANNA')[6:]}\n")
    assert (ran.exit, ran.document["warnings"]) == (0, [])
    nobody = patron(library, "find", typed=f"{number('EDITH')}\n")
    assert (nobody.exit, nobody.error["kind"]) == (1, "patron.nobody")
    found = {key: value for key, value in nobody.document.items() if key != "error"}
    assert found == {"found": False, "patron": None, "by": None, "warnings": []}
    assert number("ANNA") not in ran.out + ran.err


@pytest.mark.parametrize("between", [" ", " - ", "\u2013"])
def test_a_number_is_found_as_people_write_it(library: Library, between: str) -> None:
    ran = patron(library, "find", typed=f"{number('ANNA')[:6]}{between}{number('ANNA')[6:]}\n")
    assert (ran.exit, ran.document["patron"]) == (0, found(library, "ANNA"))


def test_a_correction_is_shown_beside_the_registers_word(library: Library) -> None:
    ran = correct(library, "ANNA", "municipality", "101\n")
    assert (ran.exit, ran.document["outcome"], ran.document["culr"]) == (0, "set", "101"), ran.err
    entry = shown(library, "ANNA")["municipality"]
    assert (entry["value"], entry["source"]) == ("0101", "staff")
    assert entry["override"] == {
        "by": user_name(),
        "reason": "Showed her lease",
        "until": "2027-05-01",
        "register": "0751",
    }
    before = library.rows()
    unsaid = patron(library, "set", found(library, "ANNA"), "municipality", "--withdraw", typed="")
    assert_refused(unsaid, code=2, kind="usage.reason", says="say why", advises="--reason")
    assert library.rows() == before
    taken = patron(
        library, "set", found(library, "ANNA"), "municipality", "--withdraw", "--reason", "Moved back", typed=""
    )
    assert (taken.exit, taken.document["outcome"]) == (0, "withdrawn")
    assert shown(library, "ANNA")["municipality"]["value"] == "0751"


@pytest.mark.parametrize("typed", ["", "\n"])
@pytest.mark.parametrize("field", ["municipality", "note_to_patron"])
def test_a_value_that_got_lost_takes_nothing_back(library: Library, field: str, typed: str) -> None:
    who = found(library, "ANNA")
    assert correct(library, "ANNA", "municipality", "0101\n").exit == 0
    assert patron(library, "set", who, "note_to_patron", typed="Kom og hent din hue\n").exit == 0
    before = library.rows()
    options = ("--reason", "x", "--until", "2027-05-01") if field == "municipality" else ()
    ran = patron(library, "set", who, field, *options, typed=typed)
    assert_refused(ran, code=1, kind="input.empty", says="empty", advises="--withdraw")
    assert library.rows() == before


def test_a_field_of_hers_is_emptied_when_that_is_asked_for(library: Library) -> None:
    who = found(library, "ANNA")
    patron(library, "set", who, "note_to_patron", typed="Kom og hent din hue\n")
    ran = patron(library, "set", who, "note_to_patron", "--withdraw", typed="not read\n")
    assert (ran.exit, ran.document["outcome"]) == (0, "set"), ran.err
    assert not shown(library, "ANNA")["note_to_patron"]["value"]


def test_protection_beats_a_correction_on_the_screen(library: Library) -> None:
    assert correct(library, "INGER", "name", "Inger Ny\n").exit == 0
    entry = shown(library, "INGER")["name"]
    assert (entry["value"], entry["override"]["register"], entry["override"]["reason"]) == (None, None, None)


def test_an_address_is_typed_as_lines_and_never_echoed(library: Library) -> None:
    ran = correct(library, "ANNA", "address", "Skjulestien 2\n8000 Aarhus C\n")
    assert ran.exit == 0
    assert "Skjulestien" not in ran.out + ran.err
    assert shown(library, "ANNA")["address"]["value"] == ["Skjulestien 2", "8000 Aarhus C"]


def test_a_field_of_hers_is_set_without_a_reason(library: Library) -> None:
    ran = patron(library, "set", found(library, "ANNA"), "note_to_patron", typed="Kom og hent din hue\n")
    assert (ran.exit, ran.document["outcome"]) == (0, "set"), ran.err
    assert shown(library, "ANNA")["note_to_patron"]["value"] == "Kom og hent din hue"


def test_one_block_is_added_and_one_lifted_while_the_others_stay(library: Library) -> None:
    who = found(library, "ANNA")
    for typed in ("2027-01-02 Mistet kort\n", "Gebyrer\n"):
        ran = patron(library, "set", who, "blocks", typed=typed)
        assert (ran.exit, ran.document["outcome"], ran.document["list"]) == (0, "added", "add"), ran.err
    assert reasons(library, who) == ["Mistet kort", "Gebyrer"]
    lifted = patron(library, "set", who, "blocks", "--lift", typed="mistet kort\n")
    assert (lifted.exit, lifted.document["outcome"]) == (0, "lifted"), lifted.err
    assert reasons(library, who) == ["Gebyrer"]
    before = library.rows()
    again = patron(library, "set", who, "blocks", "--lift", typed="mistet kort\n")
    assert (again.exit, again.document["outcome"]) == (0, "unchanged")
    other = patron(library, "set", who, "blocks", "--lift", typed="Stjålet kort\n")
    assert_refused(other, code=1, kind="list.missing", says="does not stand", advises="patron show")
    assert "Stjålet" not in other.out + other.err
    assert library.rows() == before


def reasons(library: Library, who: str) -> list[str]:
    blocks = library.run("patron", "show", who).document["fields"]["blocks"]["value"]
    return [one["reason"] for one in blocks if "lifted" not in one]


def test_one_telephone_more_keeps_the_one_for_notices(library: Library) -> None:
    who = found(library, "ANNA")
    for options, typed in ((), "*20000001\n"), ((), "20000002\n"), (("--remove",), "20000002\n"):
        assert patron(library, "set", who, "telephones", *options, typed=typed).exit == 0
    entry = shown(library, "ANNA")["telephones"]
    assert (entry["value"], entry["notices"]) == (["20000001"], "20000001")
    patron(library, "set", who, "telephones", "--replace", typed="20000003\n")
    entry = shown(library, "ANNA")["telephones"]
    assert (entry["value"], entry["notices"]) == (["20000003"], None)


def test_a_right_guess_at_a_pin_reads_as_a_wrong_one(library: Library, tmp_path: Path) -> None:
    told = []
    for guess in ("2468", "2468", "1357"):
        ran = patron(library, "set", found(library, "ANNA"), "pin", typed=f"{guess}\n")
        told.append((ran.exit, ran.out, ran.err))
    assert told[1] == told[2] == told[0]


@pytest.mark.parametrize("options", [("--remove", "--replace"), ("--replace", "--withdraw"), ("--lift", "--withdraw")])
def test_a_list_is_changed_in_one_way_at_a_time(library: Library, options: tuple[str, ...]) -> None:
    who, before = found(library, "ANNA"), library.rows()
    ran = patron(library, "set", who, "blocks", *options, typed="Gebyrer\n")
    assert_refused(ran, code=2, kind="usage.field", says="exclude each other", advises="--help")
    assert library.rows() == before


@pytest.mark.parametrize(
    ("field", "options", "code", "kind", "says"),
    [
        ("shoe_size", (), 2, "usage.field", "birth_date"),
        *((field, (), 2, "usage.field", "not set here") for field in ("status", "cpr_number")),
        ("protection", (), 2, "usage.field.protection", "only the register protects"),
        ("name", (), 2, "usage.reason", "say why"),
        ("name", ("--reason", "x"), 2, "usage.until", "a last day"),
        ("branch", ("--reason", "x"), 2, "usage.field", "set for good"),
        ("branch", ("--remove",), 2, "usage.field", "is one value"),
        ("name", ("--replace", "--reason", "x", "--until", "2027-05-01"), 2, "usage.field", "is one value"),
        ("name", ("--withdraw", "--reason", "x", "--until", "2027-05-01"), 2, "usage.field", "no last day"),
        ("municipality", ("--reason", "x", "--until", "2027-05-01"), 1, "input.value", "four digits"),
        ("birth_date", ("--reason", "x", "--until", "2027-05-01"), 1, "input.value", "2027-04-10"),
        ("name", ("--reason", "x", "--until", "2031-05-01"), 1, "input.value", "366 days"),
    ],
)
def test_a_refused_setting_changes_nothing(  # noqa: PLR0913, PLR0917 -- one parameter for each cell of the table
    library: Library, field: str, options: tuple[str, ...], code: int, kind: str, says: str
) -> None:
    who = found(library, "ANNA")
    before = library.rows()
    ran = patron(library, "set", who, field, *options, typed="Anna Hemmelig\n")
    assert_refused(ran, code=code, kind=kind, says=says, advises="")
    assert "Hemmelig" not in ran.out + ran.err
    assert library.rows() == before


def test_far_too_much_and_what_is_no_text_are_refused(library: Library) -> None:
    who = found(library, "ANNA")
    assert_refused(
        patron(library, "set", who, "internal_note", typed="x" * 9000),
        code=1,
        kind="input.value",
        says="longer",
        advises="",
    )


def test_the_help_names_every_field_that_may_be_set() -> None:
    assert all(field in FIELDS for field in settable())


def test_a_replacement_number_becomes_real(library: Library, mock: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """Imported with letters, set at the desk: subscribed and verified, and found by the old number."""
    made = f"{number('EDITH')[:6]}KOT1"
    file = tmp_path / "patrons.csv"
    file.write_text(f"cpr_number,card\n{made},E1\n", encoding="utf-8")
    assert library.run("patron", "import", str(file), "--apply").document["created"] == 1
    who = str(patron(library, "find", typed=f"{made}\n").document["patron"])
    before, typed = library.records(), f"{number('EDITH')}\n"
    ran = patron(library, "set-cpr", who, typed=typed)
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (1, "confirm.needed", "nothing")
    assert ran.document["warnings"][0]["kind"] == "nothing_to_compare"
    ran = patron(library, "set-cpr", who, "--yes", typed=typed)
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (1, "confirm.reason", "nothing")
    assert library.records() == before
    ran = patron(library, "set-cpr", who, "--yes", "--reason", "viste pas", typed=typed)
    assert (ran.exit, ran.document["verified"], ran.document["subscribed"]) == (0, True, True), ran.out + ran.err
    assert number("EDITH") not in ran.out + ran.err
    assert number("EDITH") in str(control.state(mock[1])["subscriptions"])
    assert patron(library, "find", typed=f"{made}\n").document["warnings"] == ["old_number"]
    assert found(library, "EDITH") == who
    before = library.records()
    shown = patron(library, "set-cpr", who, "--undo", typed="")
    assert (shown.exit, shown.error["kind"], shown.document["written"]) == (1, "confirm.needed", False)
    assert shown.document["preview"]["whose"]["cards"] == ["E1"]
    assert library.records() == before
    undone = patron(library, "set-cpr", who, "--undo", "--yes", typed="")
    assert (undone.exit, undone.document["outcome"]) == (0, "undone")
    assert patron(library, "find", typed=f"{made}\n").document["warnings"] == []
    assert patron(library, "find", typed=f"{number('EDITH')}\n").exit == 1


def test_another_patrons_number_is_refused_and_waits_for_a_person(library: Library, tmp_path: Path) -> None:
    made = f"{number('EDITH')[:6]}KOT2"
    file = tmp_path / "patrons.csv"
    file.write_text(f"cpr_number,card\n{made},E2\n", encoding="utf-8")
    library.run("patron", "import", str(file), "--apply")
    who = str(patron(library, "find", typed=f"{made}\n").document["patron"])
    ran = patron(library, "set-cpr", who, "--yes", "--reason", "viste pas", typed=f"{number('ANNA')}\n")
    assert_refused(
        ran, code=1, kind="number.both_patrons", says="another patron", advises="review list", changed="part"
    )
    (item,) = library.rows("review_item")["review_item"]
    assert "parked.number.both_patrons" in item


# -- adding by hand --------------------------------------------------------------------------------------------------


def test_a_person_without_a_cpr_number_is_added_after_a_yes(library: Library) -> None:
    typed = '{"name": "Kim Uden Nummer",\n "telephones": "20112233"}\n'
    before = library.records()
    ran = patron(library, "add", typed=typed)
    assert (ran.exit, ran.error["kind"], ran.document["written"]) == (1, "confirm.needed", False)
    declined = patron(library, "add", "--confirm", typed=f"{typed}nej\n")
    assert (declined.exit, declined.error["kind"]) == (1, "confirm.declined")
    assert library.records() == before
    ran = patron(library, "add", "--confirm", typed=f"{typed}ja\n")
    assert (ran.exit, ran.document["written"]) == (0, True), ran.out
    document = library.run("patron", "show", str(ran.document["patron"])).document
    assert document["fields"]["name"]["value"] == "Kim Uden Nummer"
    assert document["in_register"] is False


def test_a_number_that_the_register_does_not_know_adds_nobody(library: Library) -> None:
    before = library.records()
    ran = patron(library, "add", "--yes", typed='{"cpr_number": "0101011234", "name": "Kim"}\n')
    assert (ran.exit, ran.document["found"], ran.document["written"]) == (1, False, False)
    assert ran.error["kind"] == "register.no_such_person"
    assert library.records() == before


@pytest.mark.parametrize("typed", ["", "Kim\n", "{\n" * 300])
def test_what_is_no_person_adds_nobody(library: Library, typed: str) -> None:
    before = library.rows()
    assert patron(library, "add", "--yes", typed=typed).exit == 1
    assert library.rows() == before
