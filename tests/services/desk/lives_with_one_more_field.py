"""What `test_one_more_field` runs against a package whose field table has more rows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from browser import serving
from callers import calling, close_connections, everything, refusal
from doubles import AGENCY, refused
from jsonschema_rs import Draft202012Validator
from pydantic import ValidationError
from test_adding import add
from test_api_registering import preview
from test_box import patron_of
from test_feeding import Copy, is_read, reader
from test_importing import take
from test_leaving import erase, exit_of, rows_of
from test_merging_patrons import BOTH, two_of_one
from test_one_more_field import PURPOSES
from test_one_screen import look_up, nobody_is_written
from test_patron_page import PIN, by_card, by_identity, serving_patrons
from test_patron_page import known as known  # noqa: PLC0414 -- a fixture, used by the next
from test_patron_page import provider as provider  # noqa: PLC0414 -- a fixture
from test_reviewing import number_of, reviews
from test_setting import set_
from townspeople import cpr, gains_protection, person

from cprsync.cli.desk.registering import ASKED
from cprsync.cli.main import app
from cprsync.cli.pages.policy import BEGIN
from cprsync.config.targets import FeedTarget, KohaTarget
from cprsync.domain.desk.own import Proof
from cprsync.domain.desk.parting import Ending
from cprsync.domain.desk.settable import describe_settable
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.schema import build_schema
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.domain.patron.fields import seal_local
from cprsync.domain.patron.local import Local
from cprsync.domain.person.sealed import Sealed
from cprsync.errors import BadInput, ConfigurationError
from cprsync.language.record import record_lines
from cprsync.resources import guide_paths
from cprsync.services.desk.own import OwnRecord
from cprsync.services.desk.showing import patron_document
from cprsync.web.api.api import build_description

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser import Served
    from callers import Caller
    from doubles import Library
    from identity_provider import Known

VALUE, HIDDEN, LINES = "de/dem", "Falken", "Kælderen | baghuset\nIkke porten"
BESIDE = {"extra_line": VALUE, "extra_sealed": HIDDEN, "extra_lines": LINES}


@pytest.fixture
def desk(library: Library) -> Iterator[Served]:
    with serving(library) as served:
        yield served


@pytest.fixture
def api(desk: Served) -> Iterator[Caller]:
    yield calling(desk)
    close_connections()


def shown(library: Library, patron_id: str) -> dict[str, Any]:
    view = library.store.views.patron(patron_id)
    assert view is not None
    document = patron_document(view, library.policy, agency=AGENCY, on=library.clock.today())
    return dict(json.loads(json.dumps(document)))


def value(library: Library, patron_id: str) -> Any:
    return shown(library, patron_id)["fields"]["extra_line"]["value"]


@pytest.mark.parametrize("column", ["extra_line", "Ekstra linje", "Extra line"])
def test_a_list_brings_it_under_each_of_its_names(either_library: Library, column: str) -> None:
    library = either_library
    taken = f"cpr_number,{column}\n{cpr('ANNA').digits},{VALUE}\n"
    assert take(library, taken).counts == {"updated": 1}
    assert value(library, library.id_of("ANNA")) == VALUE
    assert take(library, taken).counts == {"unchanged": 1}
    take(library, f"cpr_number,branch,extra_line\n{cpr('ANNA').digits},main,\n")
    assert value(library, library.id_of("ANNA")) == VALUE


@pytest.mark.parametrize(("field", "longest"), [("extra_line", 20), ("extra_sealed", 300), ("extra_lines", 3000)])
def test_a_value_is_as_long_as_the_field_says_and_no_longer(library: Library, field: str, longest: int) -> None:
    patron = library.id_of("ANNA")
    (row,) = take(library, f"cpr_number,{field}\n{cpr('ANNA').digits},{'x' * (longest + 1)}\n").refused
    assert (row.field, row.why, shown(library, patron)["fields"][field]["value"]) == (field, "cell", "")
    assert refused(library, lambda: set_(library, field, "x" * (longest + 1)), BadInput) == "input.value"
    take(library, f"cpr_number,{field}\n{cpr('ANNA').digits},{'x' * longest}\n")
    assert shown(library, patron)["fields"][field]["value"] == "x" * longest
    assert set_(library, field, "x" * longest)["outcome"] == "unchanged"


def test_staff_add_a_patron_with_it(either_library: Library) -> None:
    added = add(either_library, {"name": "Kim Uden Nummer", "extra_line": VALUE})
    assert value(either_library, added["patron"]) == VALUE
    assert "extra_line" in ASKED


def test_staff_set_it_and_empty_it_and_it_shows_as_text_and_json(either_library: Library) -> None:
    library = either_library
    assert set_(library, "extra_line", VALUE)["outcome"] == "set"
    assert set_(library, "extra_line", VALUE)["outcome"] == "unchanged"
    record = shown(library, library.id_of("ANNA"))
    common = {"since": None, "as_of": None, "override": None}
    assert record["fields"]["extra_line"] == {"value": VALUE, "owner": "patron", "source": "patron", **common}
    assert any("Ekstra linje" in line and VALUE in line and "[lånerens]" in line for line in record_lines(record))
    assert any("Extra line" in line and VALUE in line for line in record_lines(record, "en"))
    library.night()
    assert value(library, library.id_of("ANNA")) == VALUE
    assert set_(library, "extra_line", None)["outcome"] == "set"
    assert library.view("ANNA").local.more == ()


# -- anybody may write anything there, and it is shown and printed as it is ------------------------------------------


@pytest.mark.parametrize("field", BESIDE)
@pytest.mark.parametrize("held", [cpr("BO").digits, f"mor {cpr('BO').digits[:6]}-{cpr('BO').digits[6:]} svarer"])
def test_no_cpr_number_is_kept_in_it(either_library: Library, field: str, held: str) -> None:
    """By the guide's own recipe for a field it was kept, and shown: the list of free texts stood beside the table."""
    library, anna = either_library, either_library.id_of("ANNA")
    assert refused(library, lambda: set_(library, field, held), BadInput) == "input.value"
    kim = {"name": "Kim Uden Nummer", field: held}
    assert refused(library, lambda: add(library, kim), BadInput) == "input.value"
    before = library.everything()
    (row,) = take(library, f"cpr_number,{field}\n{cpr('ANNA').digits},{held}\n").refused
    assert (row.field, row.why, library.everything()) == (field, "number", before)
    if field != "extra_sealed":
        own = OwnRecord(library.ports(), frozenset(), anna, Proof.IDENTITY)
        assert refused(library, lambda: own.change(field, held), BadInput) == "input.value"


def test_a_field_whose_row_says_nothing_more_is_written_by_nobody(library: Library) -> None:
    before = library.everything()
    asked = f"cpr_number,extra_bare\n{cpr('ANNA').digits},x\n"
    assert refused(library, lambda: take(library, asked), BadInput) == "input.header"
    assert refused(library, lambda: set_(library, "extra_bare", "x"), ConfigurationError) == "usage.field"
    own = OwnRecord(library.ports(), frozenset(), library.id_of("ANNA"), Proof.IDENTITY)
    assert refused(library, lambda: own.change("extra_bare", "x"), BadInput) == "own.field"
    assert ("extra_bare" in ASKED, library.everything()) == (False, before)
    assert shown(library, library.id_of("ANNA"))["fields"]["extra_bare"]["value"] == ""


def test_a_branch_is_one_of_the_librarys_wherever_it_is_typed(library: Library) -> None:
    library.policy = replace(library.policy, branches=("Nord", "Syd"))
    patron, number = library.id_of("ANNA"), cpr("ANNA").digits
    assert refused(library, lambda: set_(library, "extra_branch", "Vest"), BadInput) == "input.branch"
    (row,) = take(library, f"cpr_number,extra_branch\n{number},Vest\n").refused
    assert (row.field, row.why) == ("extra_branch", "branch")
    assert take(library, f"cpr_number,extra_branch\n{number},syd\n").counts == {"updated": 1}
    assert shown(library, patron)["fields"]["extra_branch"]["value"] == "Syd"
    assert set_(library, "extra_branch", "SYD")["outcome"] == "unchanged"
    told = {one["field"]: one["choices"] for one in describe_settable(library.policy, frozenset())}
    assert told["extra_branch"] == told["branch"] == ["Nord", "Syd"]


def test_pages_and_api_name_the_field_and_keep_no_cpr_number(desk: Served, api: Caller) -> None:
    held, anna = cpr("BO").digits, desk.library.id_of("ANNA")
    before = everything(desk)
    page = desk.browser().open(f"/patrons/{anna}")
    page.send(f"/patrons/{anna}/set", field="extra_line", text=held)
    assert "CPR-nummer" in page.text
    assert held not in page.answer.text
    refusal(api.post(f"/patrons/{anna}/fields", {"field": "extra_line", "text": held}), 422, "input.value")
    assert everything(desk)["patron"] == before["patron"]


def test_two_patrons_that_are_merged_have_it_and_are_parted_with_it(either_library: Library) -> None:
    library = either_library
    closes, keeps = two_of_one(library)
    set_(library, "extra_line", VALUE)
    reviews(library).accept(number := number_of(library, BOTH))
    assert value(library, keeps) == VALUE
    assert library.store.views.patron(closes).local == Local()
    reviews(library).undo(number)
    assert (value(library, keeps), value(library, closes)) == ("", VALUE)


def test_a_sealed_field_is_hidden_for_a_protected_patron(library: Library) -> None:
    # BO gained protection in the first night
    for key in ("ANNA", "BO"):
        set_(library, "extra_sealed", HIDDEN, key=key)
    assert shown(library, library.id_of("ANNA"))["fields"]["extra_sealed"]["value"] == HIDDEN
    hidden = shown(library, library.id_of("BO"))["fields"]["extra_sealed"]
    assert (hidden["value"], hidden["sealed"]) == (None, True)
    assert isinstance(library.view("BO").local.value_of("extra_sealed"), Sealed)
    assert seal_local(Local()).more == ()


# -- targets: none gets it unless the table says so and the target names it -----------------------------------------

NAMED = frozenset({OutwardField.STATUS, OutwardField("extra_sealed"), OutwardField("extra_lines")})


def test_a_target_that_names_it_gets_it_and_nothing_of_what_is_hidden(either_library: Library) -> None:
    library = either_library
    named = Target("named", TargetKind.FEED, NAMED, ProtectedRule.WITHOUT_ADDRESS)
    few = Target("few", TargetKind.FEED, frozenset({OutwardField.STATUS}), ProtectedRule.WITHOUT_ADDRESS)
    all_ = Target("all", TargetKind.FEED, frozenset(OutwardField), ProtectedRule.WITHOUT_ADDRESS)
    copy = Copy(is_read(library, named, few, all_)).catch_up()
    # BO gained protection in the first night
    for key, text in {**BESIDE, "extra_sealed": HIDDEN}.items():
        set_(library, key, text)
        set_(library, key, text, key="BO")
    library.night()
    anna, bo = (copy.catch_up().holds[library.id_of(key)] for key in ("ANNA", "BO"))
    assert (anna["extra_sealed"], anna["extra_lines"]) == (HIDDEN, LINES)
    assert ("extra_sealed" in bo, bo["extra_lines"], bo["withheld"]) == (False, LINES, ["extra_sealed"])
    assert is_line(copy.heard[-1], named)
    heard = len(copy.heard)
    library.night()
    assert len(copy.catch_up().heard) == heard
    assert not any(HIDDEN in repr(one) or LINES in repr(one) for one in Copy(reader(library, few)).catch_up().heard)
    assert VALUE not in repr(Copy(reader(library, all_)).catch_up().heard)


def is_line(line: dict[str, Any], target: Target) -> bool:
    return Draft202012Validator(build_schema(target.fields)).is_valid(line)


def test_a_field_is_for_no_target_and_no_koha_unless_the_table_says_so() -> None:
    feed = {"kind": "feed", "name": "website"}
    koha = {"kind": "koha", "name": "koha", "url": "https://koha.example/api/v1", "ca": "koha.pem", "client": "cprsync"}
    koha |= {"secret_file": "koha.secret", "library": "HB", "category": "VOKSEN"}
    FeedTarget.model_validate({**feed, "fields": ["extra_sealed", "extra_lines"]})
    KohaTarget.model_validate({**koha, "fields": ["number"]})
    with pytest.raises(ValidationError, match="Input should be 'number'"):
        FeedTarget.model_validate({**feed, "fields": ["extra_line"]})
    with pytest.raises(ValidationError, match="Koha's own"):
        KohaTarget.model_validate({**koha, "fields": ["number", "extra_lines"]})


# -- the browser -------------------------------------------------------------------------------------------


def test_the_form_of_a_registration_asks_for_it_and_the_records_page_shows_it(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = look_up(desk, "EDITH")
    assert "Ekstra linje" in browser.text
    browser.send("/register/confirm", **BESIDE)
    assert value(desk.library, patron_of(desk, "EDITH")) == VALUE
    assert "Gemt: Ekstra linje, Ekstra skjult, Ekstra linjer." in browser.text
    about_the_person = browser.text.partition("Person og adresse")[2].partition("Lånerforhold")[0]
    assert all(text in about_the_person for text in ("Ekstra linje", VALUE, "Ekstra skjult", HIDDEN))
    assert "Ekstra linjer Kælderen | baghuset Ikke porten" in browser.text.partition("Noter")[2]


def test_the_form_names_it_if_it_is_wrong_and_nobody_is_written(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = look_up(desk, "EDITH").send("/register/confirm", **{**BESIDE, "extra_line": "x" * 65})
    assert browser.answer.status_code == 422
    assert 'id="extra_line-wrong"' in browser.answer.text
    held = browser.form("/register/confirm")
    assert (held["extra_sealed"], held["extra_lines"]) == (HIDDEN, LINES)
    nobody_is_written(desk, "EDITH")


def test_the_form_for_somebody_without_a_number_asks_for_it_too(desk: Served) -> None:
    browser = desk.browser().open("/register")
    browser.send("/register/check", name="Kim Uden Nummer", **BESIDE)
    assert browser.form("/register/confirm")["extra_line"] == VALUE
    browser.send("/register/confirm")
    assert value(desk.library, browser.path.removeprefix("/patrons/")) == VALUE


@pytest.mark.parametrize("field", [*BESIDE, "name"])
def test_the_form_of_a_registration_shows_no_cpr_number_again_that_was_typed_as_a_text(
    desk: Served, field: str
) -> None:
    held, before = cpr("BO").digits, everything(desk)
    typed = {"name": "Kim Uden Nummer", field: f"mor {held} svarer"}
    browser = desk.browser().open("/register").send("/register/check", **typed)
    assert browser.answer.status_code == 422
    assert held not in browser.answer.text
    assert "svarer" in browser.answer.text
    assert everything(desk)["patron"] == before["patron"]


def test_the_records_page_sets_it(desk: Served) -> None:
    patron = desk.library.id_of("ANNA")
    browser = desk.browser().open(f"/patrons/{patron}")
    browser.send(f"/patrons/{patron}/set", field="extra_line", text=VALUE)
    assert value(desk.library, patron) == VALUE


def test_the_records_page_and_the_api_hide_a_sealed_one_of_a_protected_patron(desk: Served, api: Caller) -> None:
    desk.library.register.knows(gains_protection(person("EDITH")))
    browser = look_up(desk, "EDITH").send("/register/confirm", **BESIDE)
    patron = patron_of(desk, "EDITH")
    assert browser.path == f"/patrons/{patron}"
    assert VALUE in browser.text
    assert HIDDEN not in browser.answer.text
    answer = api.get(f"/patrons/{patron}")
    fields = answer.json()["fields"]
    assert (fields["extra_sealed"]["value"], fields["extra_sealed"]["sealed"]) == (None, True)
    assert fields["extra_line"]["value"] == VALUE
    assert HIDDEN not in answer.text
    # it is kept all the same
    desk.library.register.knows(person("EDITH"))
    opened = api.post(f"/patrons/{patron}/reveal", {"reason": "Ringede selv"}).json()
    assert opened["fields"]["extra_sealed"]["value"] == HIDDEN


# -- the patron's own page, and paper -------------------------------------------------------------------------------


@pytest.fixture
def doors(library: Library, provider: Known) -> Iterator[Served]:
    for key, text in {**BESIDE, "pin": PIN}.items():
        set_(library, key, text)
    with serving_patrons(library, provider) as served:
        yield served


def test_the_patron_reads_why_it_is_kept_and_changes_their_own(doors: Served) -> None:
    browser = by_card(doors).open("/me")
    assert all(text in browser.text for text in ("Ekstra linje", VALUE, PURPOSES["da"]["extra_line"]))
    # what staff own, and what is hidden of the protected, a card does not open
    assert HIDDEN not in browser.answer.text
    browser.open("/me/change").send("/me/set", field="extra_line", text="hun/hende")
    patron = doors.library.id_of("ANNA")
    assert value(doors.library, patron) == "hun/hende"
    for wrong in ("x" * 21, cpr("BO").digits):
        browser.open("/me/change").send("/me/set", field="extra_line", text=wrong)
        assert 'id="own-extra_line-wrong"' in browser.answer.text
        assert cpr("BO").digits not in browser.answer.text
        assert value(doors.library, patron) == "hun/hende"


def test_a_period_has_the_same_two_days_on_both_pages_and_the_same_words(doors: Served) -> None:
    library, patron = doors.library, doors.library.id_of("ANNA")
    browser = doors.browser().open(f"/patrons/{patron}")
    browser.send(f"/patrons/{patron}/set", field="extra_days", since="10.04.2027", until="20.04.2027")
    assert shown(library, patron)["fields"]["extra_days"]["value"] == ["2027-04-10", "2027-04-20"]
    assert "fra 10. april 2027 til 20. april 2027" in browser.text
    mine = by_card(doors).open("/me/change")
    assert 'name="until" type="text" autocomplete="off" value="20.04.2027"' in mine.answer.text
    mine.send("/me/set", field="extra_days", since="11.04.2027", until="")
    assert shown(library, patron)["fields"]["extra_days"]["value"] == ["2027-04-11", None]
    # one that is over says nothing
    take(library, f"cpr_number,extra_days\n{cpr('ANNA').digits},2020-01-01 til 2020-02-01\n")
    assert shown(library, patron)["fields"]["extra_days"]["value"] == ["2027-04-11", None]


def test_what_nobody_sees_is_kept_and_stands_on_no_page(doors: Served) -> None:
    library, patron, secret = doors.library, doors.library.id_of("ANNA"), "Trolderik"
    browser = doors.browser().open(f"/patrons/{patron}")
    browser.send(f"/patrons/{patron}/set", field="extra_secret", text=secret)
    for path in ("", "/paper/record", "/history"):
        assert secret not in browser.open(f"/patrons/{patron}{path}").answer.text
    assert library.view("ANNA").local.value_of("extra_secret") == secret
    mine = by_identity(doors)
    for path in ("/me", "/me/change", "/me/export"):
        assert secret not in mine.open(path).answer.text
    assert "extra_secret" not in shown(library, patron)["fields"]


def test_the_patron_takes_it_along(doors: Served) -> None:
    browser = by_identity(doors).open("/me")
    assert HIDDEN in browser.answer.text
    fields = browser.open("/me/export").answer.json()["fields"]
    assert {key: fields[key]["value"] for key in BESIDE} == BESIDE


def test_it_is_printed_and_what_is_hidden_is_not(desk: Served) -> None:
    for key in ("ANNA", "BO"):
        for field, text in BESIDE.items():
            set_(desk.library, field, text, key=key)
    anna, bo = (
        desk.browser().open(f"/patrons/{desk.library.id_of(key)}/paper/record").answer.text for key in ("ANNA", "BO")
    )
    assert all(text in anna for text in (VALUE, HIDDEN))
    assert (VALUE in bo, HIDDEN in bo) == (True, False)


# -- the end ------------------------------------------------------------------------------------------------


def test_whoever_is_erased_takes_it_along_from_the_record_and_from_what_targets_hear(either_library: Library) -> None:
    library, named = either_library, Target("named", TargetKind.FEED, NAMED, ProtectedRule.WITHOUT_ADDRESS)
    for key, text in BESIDE.items():
        set_(library, key, text)
    anna = library.id_of("ANNA")
    copy = Copy(is_read(library, named)).catch_up()
    assert copy.holds[anna]["extra_lines"] == LINES
    goes = exit_of(library).preview(anna, Ending.ERASE).document["goes"]
    assert {key: goes.get(key) for key in BESIDE} == dict.fromkeys(BESIDE, 1)
    erase(library, anna)
    assert shown_fields(library, anna).isdisjoint(BESIDE)
    assert anna not in copy.catch_up().holds
    assert HIDDEN not in repr(Copy(reader(library, named)).catch_up().heard)
    library.night()
    assert rows_of(library, anna).keys() <= {"change"}


def shown_fields(library: Library, patron_id: str) -> set[str]:
    return set(shown(library, patron_id)["fields"])


# -- the API -----------------------------------------------------------------------------------------------


def test_the_api_registers_somebody_with_it_and_reads_it(desk: Served, api: Caller) -> None:
    desk.library.register.knows(person("EDITH"))
    yes = {"key": preview(api, "EDITH")["key"], "beside": BESIDE}
    written = api.post("/registrations/confirm", yes).json()["written"]
    assert set(written["done"]["kept"]) == set(BESIDE)
    fields = api.get(f"/patrons/{patron_of(desk, 'EDITH')}").json()["fields"]
    assert {key: fields[key]["value"] for key in BESIDE} == BESIDE


def test_the_api_takes_no_name_that_only_resembles_it(desk: Served, api: Caller) -> None:
    desk.library.register.knows(person("EDITH"))
    key = preview(api, "EDITH")["key"]
    before = everything(desk)
    refusal(api.post("/registrations/confirm", {"key": key, "beside": {"extra_line_s": VALUE}}), 422, "request.fields")
    assert everything(desk) == before


def test_the_api_sets_it_and_tells_what_it_takes(desk: Served, api: Caller) -> None:
    patron = desk.library.id_of("ANNA")
    api.post(f"/patrons/{patron}/fields", {"field": "extra_line", "text": VALUE})
    assert value(desk.library, patron) == VALUE
    api.post(f"/patrons/{patron}/fields", {"field": "extra_lines", "text": "x" * 3000})
    assert shown(desk.library, patron)["fields"]["extra_lines"]["value"] == "x" * 3000
    refusal(api.post(f"/patrons/{patron}/fields", {"field": "extra_line", "text": "x" * 21}), 422, "input.value")
    assert value(desk.library, patron) == VALUE
    (told,) = [one for one in api.get("/library").json()["fields"] if one["field"] == "extra_line"]
    assert (told["name"], told["is_list"]) == ({"da": "Ekstra linje", "en": "Extra line"}, False)


@pytest.mark.parametrize("model", ["BesideBody", "OwnWords", "TypedBeside"])
def test_the_description_of_the_api_has_it_in_each_closed_model(model: str) -> None:
    schemas = build_description()["components"]["schemas"]
    assert schemas[model]["additionalProperties"] is False
    for key, longest in {"extra_line": 254, "extra_sealed": 300, "extra_lines": 3000}.items():
        told = schemas[model]["properties"][key]
        assert (told["type"], told["maxLength"], told["default"]) == ("string", longest, "")
    assert "extra_line" in schemas["SetField"]["properties"]["field"]["enum"]


# -- what is printed ---------------------------------------------------------------------------------------


def test_the_guides_table_is_made_with_it(tmp_path: Path) -> None:
    page = tmp_path / "librarian.md"
    page.write_text(guide_paths()["librarian"].read_text(encoding="utf-8"), encoding="utf-8")
    app(["fields", "--into", str(page)], standalone_mode=False)
    assert "| Ekstra linje | `extra_line` |" in page.read_text(encoding="utf-8").partition(BEGIN)[2]


def test_the_help_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    app(["patron", "set", "--help"], standalone_mode=False)
    assert "extra_line" in capsys.readouterr().out


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_pages_explain_it(capsys: pytest.CaptureFixture[str], language: Any) -> None:
    name, purpose = {
        "da": ("Ekstra linje", "Det, vi skal kalde dig i breve."),
        "en": ("Extra line", "What we are to call you in letters."),
    }[language]

    def printed(*options: str) -> str:
        app(["fields", "--lang", language, *options], standalone_mode=False)
        return capsys.readouterr().out

    assert f"{name} - {purpose}" in printed("--privacy", language)
    assert name in printed("--article30")
    assert f"{name}  extra_line\n  {purpose}" in printed()
    rows = json.loads(printed("--json"))["fields"]
    (row,) = [one for one in rows if one["key"] == "extra_line"]
    assert (row["name"][language], row["owner"], row["imported"]) == (name, "patron", True)
