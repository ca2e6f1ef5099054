"""What is sealed from the parser to every view, for whom, and how it is opened: never without the audit.

Each on both databases. The canary is a name and an address that exist nowhere else: no sink may hold them.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import traceback
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import structlog
from doubles import AGENCY, AGREEMENT, MONDAY, TUESDAY, WEDNESDAY, Killed, KilledStore, Library, altered
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from store_people import reasons_of
from townspeople import PROTECTED, cpr, dies, disappears, emigrates, gains_protection, person
from whole import verify_audit

from cprsync.cli.desk.registering import lookup_lines
from cprsync.domain.patron.local import Card, Local
from cprsync.domain.patron.patron import HOUSE_MOST, Purpose
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Abroad, Contact, Person, Status
from cprsync.domain.person.sealed import Address, Name, Sealed
from cprsync.domain.policy.policy import Policy
from cprsync.errors import BadInput, ConfigurationError, CprsyncError
from cprsync.language.night import report_lines
from cprsync.language.record import record_lines
from cprsync.municipalities import load_municipalities
from cprsync.services.desk import setting
from cprsync.services.desk.lookup import Asked, Desk, look_up
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.viewing import RecordViewer
from cprsync.services.ports.desk import Reveal
from cprsync.services.ports.patrons import NewPatron
from cprsync.store.core.engine import reading
from cprsync.store.core.tenant import Transaction
from cprsync.store.outward.describing import describe_patrons
from cprsync.store.seals.keys import Keyring
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "Kanariefugl"
NAME = Name(f"{CANARY} Gulnæb", CANARY, "", "Gulnæb")
HOME = Address("0751", "1104", "12", floor="2", door="tv", postcode="8000", district="Aarhus C", road=f"{CANARY}vej")
ELSEWHERE = replace(HOME, house="14", co=f"c/o {CANARY}")
REASON = "Brev om en bog, hun har glemt"


def canary(**groups: Any) -> Person:
    """ANNA, with words that stand nowhere else."""
    told: dict[str, Any] = {
        "name": NAME,
        "address": HOME,
        "contact": Contact((f"{CANARY}stien 1", "8000 Aarhus C", "", "", "")),
        "protection": PROTECTED,
    }
    return replace(person("ANNA"), **(told | groups))


@pytest.fixture
def library(either_library: Library) -> Library:
    """Each test here on both databases."""
    return either_library


def window(library: Library) -> RecordViewer:
    return RecordViewer(library, "lone")


def shown(library: Library, key: str) -> dict[str, Any]:
    return window(library).shown(library.id_of(key))


def revealed(library: Library, key: str, reason: str = REASON) -> dict[str, Any]:
    return window(library).revealed(library.id_of(key), reason=reason)


def reveals(library: Library) -> list[dict[str, Any]]:
    """The entries of the audit that say that something was opened."""
    entries = [json.loads(bytes.fromhex(row["entry"])) for row in library.rows("audit")]
    return [entry for entry in entries if entry["kind"] == "reveal"]


def desk(library: Library) -> Desk:
    return Desk(library.agency, library.store, library.register, library.clock, library.policy)


def lookup(library: Library, key: str) -> dict[str, Any]:
    return look_up(desk(library), Asked(cpr(key), Purpose.CORRECTION, "lone")).document


def correct(library: Library, key: str, field: str, value: str) -> None:
    codes = frozenset(load_municipalities().by_code)
    counter = setting.SettingDesk(library, codes)
    override = field in {"name", "address", "birth_date"}
    until = date(2027, 5, 1) if override else None
    asked = setting.Setting(library.id_of(key), field, value, "lone", reason=REASON if override else "", until=until)
    setting.set_field(counter, asked)


def typed(library: Library, key: str) -> None:
    """What staff and patron type of the kind that is sealed."""
    correct(library, key, "name", f"{CANARY} Ny")
    correct(library, key, "address", f"{CANARY}gade 2\n8000 Aarhus C")
    correct(library, key, "contact_address", f"{CANARY}stien 3\n8000 Aarhus C")


# -- the canary ----------------------------------------------------------------------------------------------


class Sinks:
    """All that is printed, logged or raised."""

    def __init__(self) -> None:
        self.told = io.StringIO()

    def say(self, *things: object) -> None:
        for thing in things:
            self.told.write(f"{thing} {thing!r}\n")

    def document(self, document: Any) -> None:
        self.told.write(json.dumps(document, ensure_ascii=False))

    @contextlib.contextmanager
    def catching(self) -> Iterator[None]:
        """What an exception would show, with the values of every frame on the way."""
        try:
            yield
        except (CprsyncError, Killed, RuntimeError) as error:
            told = traceback.TracebackException.from_exception(error, capture_locals=True)
            self.told.write("".join(told.format()))


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    found = Sinks()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory(found.told)
    )
    logging.getLogger().addHandler(logging.StreamHandler(found.told))
    with contextlib.redirect_stdout(found.told), contextlib.redirect_stderr(found.told):
        yield found


def everywhere(library: Library, key: str, sinks: Sinks) -> None:
    """Show a record in every view there is."""
    view = library.view(key)
    sinks.say(view, view.patron, view.register, view.local, view.patron.overrides, list(view.register.groups()))
    sinks.say(*library.store.patrons.read([library.id_of(key)]), *library.store.views.opened_records())
    for document in (shown(library, key), lookup(library, key)):
        sinks.document(document)
    sinks.say(*record_lines(shown(library, key)))
    sinks.say(*lookup_lines(lookup(library, key), "da"))
    reviews = StaffReviews(library, "lone")
    for item in reviews.listed(all_states=True):
        sinks.document(reviews.shown(item["id"]))
    for run in library.store.runs.list_runs():
        sinks.document(library.store.runs.document(run.run))
        sinks.document(library.store.runs.items(run.run))


def broken(library: Library) -> Any:
    """The store, in which a write fails while it holds what is to be written."""

    def write(run: Any, batch: Any) -> None:
        written = [(write.patron, write.after, list(write.after.groups())) for write in batch.writes]
        raise RuntimeError("the disk is full", written, run)

    return altered(library.store, patrons_write=write)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(canary(), id="protected"),
        pytest.param(canary(address=ELSEWHERE), id="protected, and moves"),
        pytest.param(canary(status=Status.DEAD, address=SILENT), id="protected, and dies"),
        pytest.param(
            canary(status=Status.EMIGRATED, address=SILENT, abroad=Abroad("5120", (f"{CANARY}gatan", "", "", "", ""))),
            id="protected, and emigrates",
        ),
        pytest.param(canary(name=replace(NAME, first=f"{CANARY}e")), id="protected, and renamed"),
        pytest.param(
            canary(
                protection=EMPTY,
                status=Status.RESIDENT_ADMINISTRATIVE,
                address=Address("0751", "9901", road=f"{CANARY}vej"),
            ),
            id="of no fixed abode",
        ),
    ],
)
def test_no_sink_holds_the_canary_from_the_file_to_every_view(library: Library, sinks: Sinks, told: Person) -> None:
    library.deliver(MONDAY, canary())
    sinks.document(library.one_night().document())
    typed(library, "ANNA")
    library.register.knows(told)
    library.deliver(TUESDAY, told)
    sinks.document(
        library.ports().store.runs.tally(library.store.runs.begin(day=TUESDAY, started=library.clock.now())).by_action
    )
    with sinks.catching():
        library.one_night(broken(library))
    with sinks.catching():
        library.one_night(KilledStore(library.store, at=6))
    report = library.one_night()
    sinks.document(report.document())
    sinks.document(report.plan_document())
    sinks.say(report, *report.planned.rows, *report_lines(report.document(), "da"))
    everywhere(library, "ANNA", sinks)
    assert "Traceback" in sinks.told.getvalue()
    assert CANARY not in sinks.told.getvalue()
    assert CANARY.encode().hex() in str(library.everything()), "what is sealed was never there"


def test_a_canary_without_protection_is_found(library: Library, sinks: Sinks) -> None:
    """Otherwise silence would prove nothing."""
    library.deliver(MONDAY, canary(protection=EMPTY))
    library.one_night()
    everywhere(library, "ANNA", sinks)
    assert CANARY in sinks.told.getvalue()


# -- what a view holds ---------------------------------------------------------------------------------------


def test_what_staff_and_patron_typed_of_the_same_kind_is_sealed_in_the_view(library: Library) -> None:
    """Her own contact address, and corrections of name and address: value and reason."""
    typed(library, "ANNA")
    typed(library, "BO")
    open_, sealed = library.view("ANNA"), library.view("BO")
    assert CANARY in str(open_.local.contact_address)
    assert [CANARY in str(one.value) for one in open_.patron.overrides] == [True, True]
    assert isinstance(sealed.local.contact_address, Sealed)
    for one in sealed.patron.overrides:
        assert isinstance(one.value, Sealed)
        assert isinstance(one.reason, Sealed)
    assert shown(library, "BO")["fields"]["contact_address"]["sealed"]


def test_a_sealed_view_changes_nothing_that_is_stored(library: Library) -> None:
    """A correction that says the same again is still seen to, and another field is set beside what is sealed."""
    correct(library, "BO", "name", f"{CANARY} Ny")
    correct(library, "BO", "contact_address", f"{CANARY}stien 3\n8000 Aarhus C")
    before = library.everything()
    correct(library, "BO", "name", f"{CANARY} Ny")
    assert library.everything() == before
    correct(library, "BO", "branch", "Risskov")
    opened = revealed(library, "BO")
    assert opened["fields"]["contact_address"]["value"] == [f"{CANARY}stien 3", "8000 Aarhus C"]
    assert opened["fields"]["branch"]["value"] == "Risskov"


def test_a_protected_patron_keeps_full_use_of_the_library(library: Library) -> None:
    """Municipality, group, age and cards are as anyone's, and the net media hear of her as of anyone (decision 2)."""
    open_, sealed = shown(library, "ANNA")["fields"], shown(library, "BO")["fields"]
    for name in ("municipality", "status", "cards", "group", "branch", "telephones"):
        assert "sealed" not in sealed[name]
        assert bool(sealed[name]["value"]) == bool(open_[name]["value"])
    assert library.outbox("BO") == library.outbox("ANNA") == [(2, "751")]
    assert library.row(library.id_of("BO"))["municipality"] == "0751"


@pytest.mark.parametrize("row", ["protection-age"])
def test_of_a_sealed_birth_date_the_age_shows_and_nothing_of_the_number(library: Library, row: str) -> None:
    """Until someone opens it and says why."""
    number = cpr("ANNA")
    library.deliver(MONDAY, canary())
    library.one_night()
    correct(library, "ANNA", "cards", number.digits)
    for document in (shown(library, "ANNA"), lookup(library, "ANNA")):
        entry = document["fields"]["birth_date"]
        assert (entry["value"], entry["sealed"], entry["age"]) == (None, True, 41), row
        assert document["fields"]["cpr_number"]["value"] == "xxxxxx-xxxx"
        assert "1985" not in json.dumps(document)
        assert number.digits[:6] not in json.dumps(document)
    assert shown(library, "ANNA")["fields"]["cards"]["value"] == ["ANNA", "xxxxxx-xxxx"]
    told = "\n".join(record_lines(shown(library, "ANNA")))
    assert re.search(r"^  Fødselsdato +<skjult>, 41 år ", told, re.MULTILINE)
    opened = revealed(library, "ANNA")["fields"]
    assert (opened["birth_date"]["value"], "age" in opened["birth_date"]) == ("1985-05-04", False)
    assert opened["cpr_number"]["value"] == opened["cards"]["value"][1] == number.masked()
    assert "birth_date" in reveals(library)[-1]["actions"]


def test_a_sealed_age_is_by_the_birth_date_that_counts_and_turns_on_its_day(library: Library) -> None:
    """What staff corrected of it is sealed with it."""
    library.deliver(MONDAY, canary())
    library.one_night()
    correct(library, "ANNA", "birth_date", "1990-03-25")
    for day, age in ((date(2027, 3, 23), 36), (date(2027, 3, 24), 37)):
        library.clock.set_after(day)
        entry = shown(library, "ANNA")["fields"]["birth_date"]
        assert (entry["value"], entry["age"], entry["override"]["register"]) == (None, age, None)
        assert REASON not in json.dumps(entry)


# -- the household -------------------------------------------------------------------------------------------


@pytest.fixture
def shared(library: Library) -> Library:
    """CLARA and DAVID have ANNA's address; ANNA is protected, they are not."""
    house = canary().address
    for key in ("CLARA", "DAVID"):
        library.register.knows(replace(person(key), address=house))
    library.deliver(MONDAY, canary(), *(replace(person(key), address=house) for key in ("CLARA", "DAVID")))
    library.one_night()
    return library


def test_whoever_lives_with_a_protected_patron_has_the_address_sealed_and_nothing_else(shared: Library) -> None:
    correct(shared, "CLARA", "contact_address", "Postboks 12\n8000 Aarhus C")
    assert shown(shared, "CLARA")["fields"]["contact_address"]["value"] == ["Postboks 12", "8000 Aarhus C"]
    for document in (shown(shared, "CLARA"), lookup(shared, "CLARA")):
        assert (document["household"], document["protected"]) == (True, False)
        fields = document["fields"]
        assert (fields["address"]["value"], fields["address"]["sealed"]) == (None, True)
        assert "register" not in fields["address"]
        assert fields["name"]["value"] == person("CLARA").name.addressing  # type: ignore[union-attr]  # an open one
        assert fields["municipality"]["value"] == "0751"
        assert [name for name, entry in fields.items() if "sealed" in entry] == ["address"]
        assert CANARY not in json.dumps(document)
    assert (shown(shared, "ANNA")["household"], shown(shared, "BO")["household"]) == (False, False)


def test_the_household_shows_as_text(shared: Library) -> None:
    told = "\n".join(record_lines(shown(shared, "CLARA")))
    assert "beskyttet i husstanden" in told
    assert re.search(r"^  Adresse +<skjult>", told, re.MULTILINE)
    assert CANARY not in told


def test_what_staff_corrected_of_a_households_address_is_sealed(shared: Library) -> None:
    correct(shared, "CLARA", "address", f"{CANARY}gade 2\n8000 Aarhus C")
    correct(shared, "CLARA", "name", "Clara Ny")
    document = shown(shared, "CLARA")
    assert document["fields"]["name"]["value"] == "Clara Ny"
    assert document["fields"]["address"]["override"]["reason"] is None
    assert CANARY not in json.dumps(document)


def test_an_item_for_a_person_shows_the_household_sealed(shared: Library) -> None:
    shared.register.knows(replace(person("CLARA"), status=Status.DEAD))
    shared.deliver(TUESDAY, replace(person("CLARA"), status=Status.DEAD, address=SILENT))
    shared.one_night()
    reviews = StaffReviews(shared, "lone")
    (item,) = reviews.listed()
    record = reviews.shown(item["id"])["record"]
    assert (record["household"], record["fields"]["address"]["value"]) == (True, None)
    assert CANARY not in json.dumps(record)


def test_a_stranger_who_lives_with_a_protected_patron_is_shown_without_the_address(shared: Library) -> None:
    shared.register.knows(replace(person("EDITH"), address=HOME))
    document = lookup(shared, "EDITH")
    assert (document["household"], document["fields"]["address"]["value"]) == (True, None)
    assert document["fields"]["name"]["value"]
    assert CANARY not in json.dumps(document)


def test_whoever_lives_with_someone_who_waits_for_a_person_is_sealed_as_long_as_she_does(library: Library) -> None:
    """A parked person counts as protected (decision 3), for the sake of her household too."""
    open_one, mate = canary(protection=EMPTY), replace(person("CLARA"), address=HOME)
    library.deliver(MONDAY, open_one, mate)
    library.one_night()
    assert not shown(library, "CLARA")["household"]
    library.deliver(TUESDAY, replace(open_one, name=EMPTY))
    library.one_night()
    document = shown(library, "CLARA")
    assert (document["household"], document["protected"]) == (True, False)
    assert document["fields"]["address"]["value"] is None
    assert lookup(library, "CLARA")["household"]
    library.deliver(WEDNESDAY, open_one)
    library.one_night()
    assert not shown(library, "CLARA")["household"]
    assert not lookup(library, "CLARA")["household"]


def test_whoever_lives_with_someone_of_no_fixed_abode_or_not_spoken_of_is_sealed(library: Library) -> None:
    """Status 03 at an ordinary street, and someone of whom no source has spoken, where policy seals her."""
    elsewhere = replace(HOME, house="16")
    of_no_abode = canary(protection=EMPTY, status=Status.RESIDENT_ADMINISTRATIVE)
    silent = replace(person("EDITH"), address=elsewhere, protection=SILENT)
    mates = [replace(person("CLARA"), address=HOME), replace(person("DAVID"), address=elsewhere)]
    library.enrol("EDITH")
    library.register.knows(of_no_abode, silent, *mates)
    library.deliver(MONDAY, of_no_abode, silent, *mates)
    library.one_night()
    assert [shown(library, key)["household"] for key in ("CLARA", "DAVID")] == [True, True]
    keys = Keyring.load(library.folder / "keys")
    open_ = SqlStore(
        library.engine, agency=AGENCY, agreement=AGREEMENT, keyring=keys, clock=library.clock, silence_seals=False
    )
    views = [open_.views.patron(library.id_of(key)) for key in ("CLARA", "DAVID")]
    assert [view is not None and view.household for view in views] == [True, False]


def test_a_household_opens_when_nobody_protected_lives_there_any_more(shared: Library) -> None:
    shared.register.knows(canary(address=ELSEWHERE))
    shared.deliver(TUESDAY, canary(address=ELSEWHERE))
    shared.one_night()
    document = shown(shared, "CLARA")
    assert (document["household"], bool(document["fields"]["address"]["value"])) == (False, True)
    neighbour = lookup(shared, "CLARA")
    assert neighbour["household"] is False


@pytest.mark.parametrize("leaves", [emigrates, dies, disappears], ids=lambda one: one.__name__)
def test_a_household_opens_when_the_protected_one_has_left_by_the_registers_word(
    shared: Library, leaves: Callable[[Person], Person]
) -> None:
    """Decision 45. The address is still the last known one of the protected patron, and stays sealed there."""
    shared.register.knows(leaves(canary()))
    shared.deliver(TUESDAY, leaves(canary()))
    shared.one_night()
    for document in (shown(shared, "CLARA"), lookup(shared, "CLARA")):
        assert (document["household"], bool(document["fields"]["address"]["value"])) == (False, True)
    anna = shown(shared, "ANNA")
    assert (anna["protected"], anna["fields"]["address"]["value"]) == (True, None)


def test_whoever_has_left_a_dwelling_is_sealed_for_those_who_live_there(shared: Library) -> None:
    """CLARA's last known address is where a protected patron lives."""
    gone = emigrates(replace(person("CLARA"), address=canary().address))
    shared.register.knows(gone)
    shared.deliver(TUESDAY, gone)
    shared.one_night()
    document = shown(shared, "CLARA")
    assert (document["household"], document["fields"]["address"]["value"]) == (True, None)


@pytest.fixture
def neighbour(shared: Library) -> Iterator[Library]:
    """Another library on the same installation. CLARA is a patron there too, and ANNA is none."""
    other = Library(shared.folder, url=shared.url, agency="765700", agreement="other")
    at_home = replace(person("CLARA"), address=HOME)
    other.register.knows(at_home, replace(person("DAVID"), address=HOME))
    other.enrol("CLARA")
    other.deliver(MONDAY, at_home)
    other.one_night()
    yield other
    other.engine.dispose()


def test_a_protected_patron_of_one_library_hides_nobody_at_another(shared: Library, neighbour: Library) -> None:
    """Decision 46: neither library learns of the other's patrons. Both indexes of the address have the same key."""
    assert shown(shared, "CLARA")["household"]
    for document in (shown(neighbour, "CLARA"), lookup(neighbour, "CLARA"), lookup(neighbour, "DAVID")):
        assert (document["household"], document["protected"]) == (False, False)
        assert document["fields"]["address"]["value"]
    clara = neighbour.id_of("CLARA")
    with reading(neighbour.engine) as connection:
        described, _ = describe_patrons(Transaction(connection, neighbour.store._tenant), [clara])
    told = described[clara]
    assert told is not None
    assert not told.withheld


def test_a_patron_who_moves_in_with_a_protected_one_is_sealed_before_it_is_written(shared: Library) -> None:
    """The look-up shows the register's answer beside the record: what seals one of them seals both."""
    library = shared
    library.enrol("EDITH")
    library.register.knows(person("EDITH"))
    library.deliver(TUESDAY)
    library.one_night()
    assert shown(library, "EDITH")["fields"]["address"]["value"]
    library.deliver(WEDNESDAY)
    library.register.knows(replace(person("EDITH"), address=HOME))
    document = lookup(library, "EDITH")
    assert (document["household"], document["fields"]["address"]["value"]) == (True, None)
    assert CANARY not in json.dumps(document)


def test_a_house_with_too_many_patrons_counts_as_sealed(library: Library) -> None:
    """An institution has hundreds: nobody of it is opened to find the protected one."""
    many = HOUSE_MOST + 2
    numbers = [CprNumber(f"{2 + at % 26:02}0190{at:04}") for at in range(many)]
    library.store.imports.take_patrons(
        [NewPatron(number, Local(cards=(Card(f"C{number.digits}"),))) for number in numbers]
    )
    house = replace(HOME, house="99")
    library.register.knows(*(replace(person("CLARA"), number=number, address=house) for number in numbers))
    library.deliver(MONDAY)
    library.one_night()
    (first, *_, last) = [library.store.patrons.find(number) or "" for number in numbers]
    assert window(library).shown(first)["household"]
    library.register.knows(replace(person("CLARA"), number=numbers[-1]))
    library.deliver(TUESDAY, replace(person("CLARA"), number=numbers[-1]))
    library.one_night()
    assert window(library).shown(last)["household"] is False
    assert window(library).shown(first)["household"] is False


# -- opening -------------------------------------------------------------------------------------------------


def test_a_reveal_writes_who_why_and_which_fields_and_then_shows_the_values(library: Library) -> None:
    library.deliver(MONDAY, canary())
    library.one_night()
    correct(library, "ANNA", "name", f"{CANARY} Ny")
    correct(library, "ANNA", "contact_address", f"{CANARY}stien 3\n8000 Aarhus C")
    assert reveals(library) == []
    document = revealed(library, "ANNA")
    assert (document["revealed"], document["protected"]) == (True, True)
    fields = document["fields"]
    assert fields["name"]["value"] == f"{CANARY} Ny"
    assert fields["name"]["override"]["register"] == NAME.addressing
    assert fields["address"]["value"] == [f"{CANARY}vej 12, 2. tv", "8000 Aarhus C"]
    assert fields["register_contact_address"]["value"] == [f"{CANARY}stien 1", "8000 Aarhus C"]
    assert fields["contact_address"]["value"] == [f"{CANARY}stien 3", "8000 Aarhus C"]
    assert not [name for name, entry in fields.items() if "sealed" in entry]
    (entry,) = reveals(library)
    assert entry["patron"] == library.id_of("ANNA")
    assert (entry["user"], entry["purpose"]) == ("lone", "show")
    assert reasons_of(library.store, library.id_of("ANNA")) == [REASON]
    assert set(entry["actions"]) >= {"name", "address", "contact_address"}
    assert CANARY not in json.dumps(entry)
    verify_audit(library.store)


def test_the_next_look_is_sealed_again(library: Library) -> None:
    revealed(library, "BO")
    assert shown(library, "BO")["fields"]["name"]["value"] is None
    assert shown(library, "BO")["revealed"] is False


def test_a_household_is_opened_in_the_same_way(shared: Library) -> None:
    document = revealed(shared, "CLARA")
    assert document["fields"]["address"]["value"] == [f"{CANARY}vej 12, 2. tv", "8000 Aarhus C"]
    assert reveals(shared)[-1]["actions"] == ["address"]


def test_a_record_of_which_nothing_is_sealed_is_shown_and_leaves_no_entry(library: Library) -> None:
    document = revealed(library, "DAVID")
    assert (document["revealed"], bool(document["fields"]["name"]["value"])) == (False, True)
    assert reveals(library) == []


@pytest.mark.parametrize(
    ("reason", "refusal"),
    [
        ("", ConfigurationError),
        ("  ", ConfigurationError),
        ("linje\nskift", BadInput),
        ("x" * 1000, BadInput),
        (f"om {cpr('ANNA').digits}", BadInput),
    ],
)
def test_nothing_opens_without_a_reason_that_can_be_kept(
    library: Library, reason: str, refusal: type[CprsyncError]
) -> None:
    before = library.everything()
    with pytest.raises(refusal):
        revealed(library, "BO", reason)
    assert library.everything() == before


def test_nobody_is_opened_who_is_no_patron(library: Library) -> None:
    before = library.everything()
    with pytest.raises(BadInput):
        window(library).revealed("00000000", reason=REASON)
    with pytest.raises(BadInput):
        library.store.views.reveal(Reveal("00000000", ("name",), "lone", REASON))
    assert library.everything() == before


def test_nothing_opens_when_the_audit_cannot_be_written(library: Library) -> None:
    """The entry is committed first: a reveal that leaves no trace shows nothing."""
    asked = Reveal(library.id_of("BO"), ("name",), "lone", REASON)
    with library.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO audit_away"))
    with pytest.raises((CprsyncError, SQLAlchemyError, psycopg.Error)):
        library.store.views.reveal(asked)
    with library.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_away RENAME TO audit"))
    assert reveals(library) == []


# -- sealed by silence ---------------------------------------------------------------------------------------


def test_a_night_counts_who_is_sealed_by_silence(library: Library) -> None:
    """Decision 2: how many are sealed because no source has spoken is counted and shown."""
    library.enrol("HENRIK", "EDITH")
    library.register.knows(person("EDITH"))
    library.deliver(MONDAY)
    report = library.one_night()
    assert report.document()["sealed_by_silence"] == 1
    assert any(
        "Sealed until a source speaks of their protection: 1" in line for line in report_lines(report.document(), "en")
    )
    library.deliver(TUESDAY, person("HENRIK"))
    report = library.one_night()
    assert report.document()["sealed_by_silence"] == 0
    assert not any("protection:" in line for line in report_lines(report.document(), "en"))


def test_a_look_up_that_says_nothing_of_protection_leaves_her_counted(library: Library) -> None:
    library.enrol("EDITH")
    library.register.knows(replace(person("EDITH"), protection=SILENT))
    library.deliver(MONDAY)
    assert library.one_night().document()["sealed_by_silence"] == 1
    library.deliver(TUESDAY, gains_protection(person("EDITH")))
    assert library.one_night().document()["sealed_by_silence"] == 0


def test_where_policy_leaves_the_silent_open_nobody_is_counted(library: Library) -> None:
    library.policy = Policy(silent_is_sealed=False)
    library.enrol("HENRIK")
    library.deliver(MONDAY)
    assert library.one_night().document()["sealed_by_silence"] == 0
