"""What `test_one_more_field` runs against a package whose field table has the rows `pronoun` and `alias` too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from doubles import AGENCY
from test_adding import add
from test_importing import take
from test_merging_patrons import BOTH, two_of_one
from test_reviewing import number_of, reviews
from test_setting import set_
from townspeople import cpr

from cprsync.cli.desk.registering import ASKED
from cprsync.cli.main import app
from cprsync.domain.patron.fields import seal_local
from cprsync.domain.patron.local import Local
from cprsync.domain.person.sealed import Sealed
from cprsync.language.record import record_lines
from cprsync.services.desk.showing import patron_document

if TYPE_CHECKING:
    from doubles import Library

VALUE = "de/dem"


def shown(library: Library, patron_id: str) -> dict[str, Any]:
    view = library.store.views.patron(patron_id)
    assert view is not None
    document = patron_document(view, library.policy, agency=AGENCY, on=library.clock.today())
    return dict(json.loads(json.dumps(document)))


def value(library: Library, patron_id: str) -> Any:
    return shown(library, patron_id)["fields"]["pronoun"]["value"]


@pytest.mark.parametrize("column", ["pronoun", "Pronomen", "Pronoun"])
def test_a_list_brings_it_under_each_of_its_names(either_library: Library, column: str) -> None:
    library = either_library
    taken = f"cpr_number,{column}\n{cpr('ANNA').digits},{VALUE}\n"
    assert take(library, taken).counts == {"updated": 1}
    assert value(library, library.id_of("ANNA")) == VALUE
    assert take(library, taken).counts == {"unchanged": 1}
    take(library, f"cpr_number,branch,pronoun\n{cpr('ANNA').digits},main,\n")
    assert value(library, library.id_of("ANNA")) == VALUE


def test_a_value_that_is_too_long_is_refused_under_its_name(library: Library) -> None:
    (refused,) = take(library, f"cpr_number,pronoun\n{cpr('ANNA').digits},{'x' * 65}\n").refused
    assert (refused.field, value(library, library.id_of("ANNA"))) == ("pronoun", "")


def test_staff_add_a_patron_with_it(either_library: Library) -> None:
    added = add(either_library, {"name": "Kim Uden Nummer", "pronoun": VALUE})
    assert value(either_library, added["patron"]) == VALUE
    assert "pronoun" in ASKED


def test_staff_set_it_and_empty_it_and_it_shows_as_text_and_json(either_library: Library) -> None:
    library = either_library
    assert set_(library, "pronoun", VALUE)["outcome"] == "set"
    assert set_(library, "pronoun", VALUE)["outcome"] == "unchanged"
    record = shown(library, library.id_of("ANNA"))
    common = {"since": None, "as_of": None, "override": None}
    assert record["fields"]["pronoun"] == {"value": VALUE, "owner": "patron", "source": "patron", **common}
    assert any("Pronomen" in line and VALUE in line and "[lånerens]" in line for line in record_lines(record))
    assert any("Pronoun" in line and VALUE in line for line in record_lines(record, "en"))
    library.night()
    assert value(library, library.id_of("ANNA")) == VALUE
    assert set_(library, "pronoun", None)["outcome"] == "set"
    assert library.view("ANNA").local.more == ()


def test_two_patrons_that_are_merged_have_it_and_are_parted_with_it(either_library: Library) -> None:
    library = either_library
    closes, keeps = two_of_one(library)
    set_(library, "pronoun", VALUE)
    reviews(library).accept(number := number_of(library, BOTH))
    assert value(library, keeps) == VALUE
    assert library.store.views.patron(closes).local == Local()
    reviews(library).undo(number)
    assert (value(library, keeps), value(library, closes)) == ("", VALUE)


def test_a_sealed_field_is_hidden_for_a_protected_patron(library: Library) -> None:
    # BO gained protection in the first night
    for key in ("ANNA", "BO"):
        set_(library, "alias", "Falken", key=key)
    assert shown(library, library.id_of("ANNA"))["fields"]["alias"]["value"] == "Falken"
    hidden = shown(library, library.id_of("BO"))["fields"]["alias"]
    assert (hidden["value"], hidden["sealed"]) == (None, True)
    assert isinstance(library.view("BO").local.value_of("alias"), Sealed)
    assert seal_local(Local()).more == ()


def test_the_help_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    app(["patron", "set", "--help"], standalone_mode=False)
    assert "pronoun" in capsys.readouterr().out


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_pages_explain_it(capsys: pytest.CaptureFixture[str], language: Any) -> None:
    name, purpose = {
        "da": ("Pronomen", "Det, vi skal kalde dig i breve."),
        "en": ("Pronoun", "What we are to call you in letters."),
    }[language]

    def printed(*options: str) -> str:
        app(["fields", "--lang", language, *options], standalone_mode=False)
        return capsys.readouterr().out

    assert f"{name} - {purpose}" in printed("--privacy", language)
    assert name in printed("--article30")
    assert f"{name}  pronoun\n  {purpose}" in printed()
    rows = json.loads(printed("--json"))["fields"]
    (row,) = [one for one in rows if one["key"] == "pronoun"]
    assert (row["name"][language], row["owner"], row["imported"]) == (name, "patron", True)
