"""`export` and `accounts reader` on the demo's town: the lines of the feed, as NDJSON and as a table."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import Library, assert_refused, new_library, personal
from jsonschema_rs import Draft202012Validator
from town import PEOPLE, PEOPLE_FILE

from cprsync.cli.main import app
from cprsync.mock.server import running
from cprsync.municipalities import name_municipality
from cprsync.resources import schema_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# all of them look at one night
pytestmark = pytest.mark.xdist_group("export")
TARGETS = """
[[library.target]]
name = "website"
kind = "feed"
fields = ["name", "birth_date", "address", "abroad", "contact_address", "municipality", "status", "group", "blocks", \
"rights", "cards", "number", "branch", "language", "telephones", "emails"]
protected = "without address"

[[library.target]]
name = "door"
kind = "feed"
fields = ["group", "cards"]
"""
#: Those who have not been born when the town begins.
UNBORN = {key for key, one in PEOPLE.items() if one.get("born_later")}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Library]:
    """The demo's town after a night, with two targets."""
    folder = tmp_path_factory.mktemp("export")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE):
        library = new_library(folder / "library", folder / "mock", list(PEOPLE))
        with (library.folder / "cprsync.toml").open("a", encoding="utf-8") as file:
            file.write(TARGETS)
        assert library.call("sync").exit in {0, 3, 4}
        yield library


class _Stdout(io.StringIO):
    """Takes text and bytes, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = io.BytesIO()


def output(library: Library, *command: str) -> bytes:
    out = _Stdout()
    with contextlib.redirect_stdout(out):
        app([*command, "--config", str(library.folder / "cprsync.toml")], standalone_mode=False)
    return out.buffer.getvalue() + out.getvalue().encode()


def lines(library: Library, *command: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output(library, "export", *command).splitlines()]


def test_every_line_of_the_town_fits_the_published_schema(town: Library) -> None:
    schema = json.loads(schema_path("feed.schema.json").read_text("utf-8"))
    validator = Draft202012Validator(schema)
    *patrons, end = lines(town, "website", "--all")
    for line in (*patrons, end):
        validator.validate(line)
    held = town.rows("patron")["patron"]
    assert 40 < len(patrons) <= len(held)
    assert any(line["protected"] for line in patrons)
    assert {"name", "address", "municipality", "rights", "blocks"} <= set().union(*map(set, patrons))


def test_the_published_schema_is_the_one_that_the_program_makes(town: Library) -> None:
    told = json.loads(output(town, "export", "website", "--schema"))
    assert told == json.loads(schema_path("feed.schema.json").read_text("utf-8"))


def test_no_protected_patrons_address_is_in_any_line(town: Library) -> None:
    for line in lines(town, "website", "--all"):
        if line.get("protected"):
            assert {"address", "contact_address", "abroad"}.isdisjoint(line)


def test_a_cursor_leads_on_from_where_the_last_export_ended(town: Library) -> None:
    *_, end = lines(town, "website", "--all")
    assert lines(town, "website", "--since", end["next"]) == [end]


def test_the_table_has_the_same_rows_with_the_fields_of_its_target(
    town: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    table = output(town, "export", "door", "--all", "--format", "csv").decode()
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    *patrons, end = lines(town, "door", "--all")
    assert [row["patron"] for row in rows] == [line["patron"] for line in patrons]
    assert [row["group"] for row in rows] == [line["group"] for line in patrons]
    assert set(rows[0]) == {"patron", "version", "gone", "protected", "verified", "withheld", "group", "cards"}
    assert end["next"] in capsys.readouterr().err


def test_a_table_for_excel_has_a_mark_and_semicolons_and_the_same_cells(town: Library) -> None:
    plain = output(town, "export", "website", "--all", "--format", "csv")
    for_excel = output(town, "export", "website", "--all", "--format", "csv", "--excel")
    assert not plain.startswith(b"\xef\xbb\xbf")
    assert for_excel.startswith(b"\xef\xbb\xbfpatron;version;")
    read = [list(csv.reader(io.StringIO(for_excel.decode("utf-8-sig"), newline=""), delimiter=";"))]
    read.append(list(csv.reader(io.StringIO(plain.decode(), newline=""))))
    assert read[0] == read[1]
    assert len(read[0]) > 40


def test_a_list_for_excel_has_every_patron_and_no_formula(town: Library) -> None:
    everyone = town.call("patron", "list").document["patrons"]
    table = output(town, "patron", "list", "--format", "csv", "--excel").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table, newline=""), delimiter=";"))
    assert [row["patron"] for row in rows] == [one["patron"] for one in everyone]
    assert [row["verified"] for row in rows] == [str(one["verified"]).lower() for one in everyone]
    assert output(town, "patron", "list", "--format", "csv").startswith(b"patron,status,")


@pytest.mark.parametrize("command", [["export", "website", "--all"], ["patron", "list"]])
def test_what_is_no_table_is_not_made_for_excel(town: Library, command: list[str]) -> None:
    before = town.rows()
    assert_refused(town.call(*command, "--excel"), code=2, kind="usage", says="--format csv", advises="--help")
    assert town.rows() == before


def test_an_export_of_a_target_with_a_group_that_there_is_not_gives_nothing(town: Library) -> None:
    path = town.folder / "cprsync.toml"
    written = path.read_text("utf-8")
    path.write_text(written.replace('name = "door"', 'name = "door"\ngroups = ["Vokse"]'), "utf-8")
    try:
        before = town.rows()
        ran = town.call("export", "door", "--all")
        assert_refused(ran, code=2, kind="configuration", says='"door", groups, Vokse: ', advises="setting")
        assert "Barn" in ran.error["message"]
        assert town.rows() == before
    finally:
        path.write_text(written, "utf-8")


def test_without_a_target_the_error_names_those_there_are_and_gives_nothing(town: Library) -> None:
    before = town.rows()
    for named in ([], ["nobody"]):
        ran = town.call("export", *named, "--all")
        assert_refused(ran, code=2, kind="target.unknown", says="door, website", advises="library.target")
    assert town.rows() == before


def test_another_targets_cursor_is_refused_and_nothing_is_given(town: Library) -> None:
    theirs = lines(town, "door", "--all")[-1]["next"]
    before = town.rows()
    ran = town.call("export", "website", "--since", theirs)
    assert_refused(ran, code=1, kind="cursor.unknown", says="no cursor", advises="begin again")
    assert town.rows() == before


# -- the list ----------------------------------------------------------------------------------------------


def test_the_list_has_every_patron_by_number_and_state_and_nobodys_name(town: Library) -> None:
    listed = town.call("patron", "list").document["patrons"]
    told = [line for line in lines(town, "website", "--all") if "patron" in line]
    assert {one["patron"] for one in listed} == {line["patron"] for line in told}
    by_number = {one["patron"]: one for one in listed}
    for line in told:
        one = by_number[line["patron"]]
        assert (one["group"], one["municipality"]) == (line["group"], line["municipality"])
    shown = output(town, "patron", "list").decode()
    homes = {one["municipality"]: name_municipality(one["municipality"]) for one in listed if one["municipality"]}
    # people read the name of a municipality, and programs its code
    for line, one in zip(shown.splitlines(), listed, strict=False):
        assert homes.get(one["municipality"], "–") in line
    assert homes["0751"] == "Aarhus (0751)"
    # some towns are called as their municipality
    rest = re.sub("|".join(map(re.escape, homes.values())), "", shown)
    assert not [word for word in personal() if word in rest]
    assert len(shown.splitlines()) == len(listed) + 1


def test_the_list_calls_a_patron_verified_only_once_the_register_has_answered(town: Library) -> None:
    """Decision 10: until the first look-up is answered the record says "not yet verified", and so does the list."""
    listed = {one["patron"]: one["verified"] for one in town.call("patron", "list").document["patrons"]}
    shown = {patron: town.call("patron", "show", patron).document["verified"] for patron in listed}
    assert listed == shown
    assert set(listed.values()) == {True, False}


@pytest.mark.parametrize(
    ("option", "key"), [("--status", "status"), ("--municipality", "municipality"), ("--group", "group")]
)
def test_the_list_can_be_narrowed(town: Library, option: str, key: str) -> None:
    everyone = town.call("patron", "list").document["patrons"]
    wanted = min({one[key] for one in everyone if one[key]})
    found = town.call("patron", "list", option, wanted).document["patrons"]
    assert found == [one for one in everyone if one[key] == wanted]
    assert 0 < len(found) < len(everyone)


def test_a_group_that_there_is_not_is_refused_with_those_there_are(town: Library) -> None:
    before = town.rows()
    ran = town.call("patron", "list", "--group", "Vokse")
    assert_refused(ran, code=2, kind="usage", says="Voksen", advises="--help")
    assert town.rows() == before


def test_a_status_that_there_is_not_is_refused(town: Library) -> None:
    before = town.rows()
    ran = town.call("patron", "list", "--status", "gone fishing")
    assert_refused(ran, code=2, kind="usage", says="resident", advises="--help")
    assert town.rows() == before


# -- the readers -------------------------------------------------------------------------------------------


def test_a_secret_is_shown_once_and_kept_hashed_and_ends_with_the_reader(town: Library) -> None:
    town.rewrite("cprsync.toml", '# accounts = "accounts.toml"', 'accounts = "accounts.toml"')
    made = town.call("accounts", "reader", "website", "--secret").document
    kept = (town.folder / "accounts.toml").read_text("utf-8")
    assert made["secret"] not in kept
    assert 'name = "website"' in kept
    shown = town.call("accounts", "list")
    assert made["secret"] not in shown.out
    assert shown.document["readers"] == [
        {
            "name": "website",
            "secret_set": True,
            "certificates": [],
            "libraries": made["libraries"],
            "asks_a_minute": 120,
        }
    ]
    assert town.call("accounts", "reader", "website", "--secret").document["secret"] != made["secret"]
    town.call("accounts", "remove", "website")
    assert town.call("accounts", "list").document["readers"] == []


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (["nobody", "--secret"], "target.unknown"),
        (["door"], "account.certificate"),
    ],
)
def test_no_reader_is_made_without_a_target_or_a_way_in(town: Library, command: list[str], kind: str) -> None:
    if "\naccounts =" not in (town.folder / "cprsync.toml").read_text("utf-8"):
        town.rewrite("cprsync.toml", '# accounts = "accounts.toml"', 'accounts = "accounts.toml"')
    before = sorted(town.folder.glob("accounts*"))
    assert town.call("accounts", "reader", *command).error["kind"] == kind
    assert sorted(town.folder.glob("accounts*")) == before


def test_a_municipality_that_there_is_not_is_refused_and_one_of_three_digits_is_found(town: Library) -> None:
    ran = town.call("patron", "list", "--municipality", "Aarhus")
    assert_refused(ran, code=2, kind="usage", says="four digits", advises="--help")
    found = town.call("patron", "list", "--municipality", "751").document["patrons"]
    assert {one["municipality"] for one in found} == {"0751"}


def test_a_command_that_shows_no_record_describes_a_new_patron_as_the_policy_says(town: Library) -> None:
    """A policy that seals nobody for silence: whoever is brought in by a list is not told as protected first."""
    policy = town.folder / "policy.toml"
    written = policy.read_text(encoding="utf-8")
    number = "0205703213"  # fails modulus 11, so that nobody is likely to have it
    listed = town.folder / "one.csv"
    listed.write_text(f"cpr_number,group\n{number},Voksen\n", encoding="utf-8")
    policy.write_text(written.replace('silent_protection = "sealed"', 'silent_protection = "open"'), encoding="utf-8")
    try:
        before = lines(town, "website", "--all")[-1]["next"]
        assert town.call("patron", "import", str(listed), "--apply").exit == 0
        (told,) = [line for line in lines(town, "website", "--since", before) if "patron" in line]
    finally:
        policy.write_text(written, encoding="utf-8")
    assert told["protected"] is False
