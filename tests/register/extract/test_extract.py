"""What the extract reader makes of deliveries typed by hand (positions in extract_lines)."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

import extract_lines as rec
import pytest
from extract_lines import ANNA, BO, GONE, NEW, OLD, lines, night, small_night, stream

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Abroad, Birth, Contact, Person, Protection, Status
from cprsync.domain.person.sealed import Address, Name
from cprsync.errors import BadInput, ConfigurationError, DeliveryRefused
from cprsync.register.extract.reader import DEFAULT_AGREEMENT, ExtractReader, examine_file
from cprsync.services.ports.deliveries import Unreadable

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"a key for the tests, 32 bytes lo"


def reader(**settings: object) -> ExtractReader:
    return ExtractReader(**({"task": "123456", "hash_key": KEY} | settings))  # type: ignore[arg-type]  # what a test varies


def persons(content: bytes, **settings: object) -> list[Person | Unreadable]:
    return list(reader(**settings).persons(BytesIO(content)))


def only(*records: str, **settings: object) -> Person:
    (person,) = persons(lines(night(*records)), **settings)
    assert isinstance(person, Person)
    return person


def reasons(*records: str) -> list[str | None]:
    return [p.reason if isinstance(p, Unreadable) else None for p in persons(lines(night(*records)))]


FRAMINGS = pytest.mark.parametrize(
    "content", [lines(small_night()), lines(small_night(), newline="\r\n"), stream(small_night())]
)


@FRAMINGS
def test_a_night_gives_each_number_once_in_the_order_of_its_001(content: bytes) -> None:
    assert [p.number for p in persons(content)] == [CprNumber(n) for n in (ANNA, BO, GONE, OLD, NEW)]


@FRAMINGS
def test_a_person_is_gathered_from_wherever_her_records_stand(content: bytes) -> None:
    """003 stands as a block at the end of the file, as in the register's own sample."""
    anna = persons(content)[0]
    assert anna == Person(
        CprNumber(ANNA),
        name=Name("Åse Ørum", "Åse", "", "Ørum"),
        birth=Birth(date(1980, 3, 2)),
        status=Status.RESIDENT,
        address=Address(
            "0751",
            "0123",
            "16B",
            "",
            "st",
            "th",
            co="c/o Bo Ærø",
            locality="Gården",
            town="",
            postcode="8000",
            district="Aarhus C",
            road="Ærøgade",
            supplementary=("Øverste klokke", "", "", "", ""),
        ),
        protection=Protection.NAME_AND_ADDRESS,
        current_number=EMPTY,
        abroad=SILENT,
        contact=Contact(("Postboks 7", "8000 Aarhus C", "", "", "")),
    )
    assert isinstance(anna, Person)
    assert anna.events == ("A01", "A33")


@FRAMINGS
def test_what_a_record_type_of_the_agreement_does_not_bring_is_empty(content: bytes) -> None:
    bo = persons(content)[1]
    assert isinstance(bo, Person)
    assert (bo.protection, bo.contact, bo.birth) == (EMPTY, EMPTY, Birth(date(1980, 3, 2), uncertain=True))


@FRAMINGS
def test_an_emigrated_person_has_her_foreign_address_and_a_silent_birth_date(content: bytes) -> None:
    gone = persons(content)[2]
    assert isinstance(gone, Person)
    assert (gone.status, gone.birth, gone.address) == (Status.EMIGRATED, SILENT, SILENT)
    assert gone.abroad == Abroad("5120", ("Storgatan 1", "Malmö", "", "", ""))


def test_an_address_without_residence_is_read_if_it_is_one() -> None:
    """Status 20: record 002 is delivered below 30 (decision 1); of most who have it no street is known."""
    address = rec.codes(ANNA), rec.text(ANNA)
    assert only(rec.main(ANNA, status="20"), *address).address == only(rec.main(ANNA), *address).address
    assert isinstance(only(rec.main(ANNA), *address).address, Address)
    nowhere = "0019" + "0000" + " " * (len(rec.CODES) - 8)
    assert only(rec.main(ANNA, status="20"), rec.codes(ANNA, nowhere), rec.text(ANNA, nowhere)).address is SILENT
    assert only(rec.main(ANNA, status="70"), *address).address is SILENT


@FRAMINGS
def test_a_replaced_number_knows_its_successor_and_nothing_else(content: bytes) -> None:
    old = persons(content)[3]
    assert old == Person(CprNumber(OLD), status=Status.CHANGED, current_number=CprNumber(NEW))


def test_what_is_outside_the_agreement_is_silent() -> None:
    person = only(rec.main(ANNA), rec.contact(ANNA, "Postboks 7"), agreement=frozenset({"001"}))
    assert (person.name, person.address, person.protection, person.contact) == (SILENT, SILENT, SILENT, SILENT)


def test_protection_outside_the_agreement_still_protects() -> None:
    person = only(rec.main(ANNA), rec.protection(ANNA), agreement=frozenset({"001"}))
    assert person.protection is Protection.NAME_AND_ADDRESS


@pytest.mark.parametrize("kinds", [("0003",), ("0002", "0003"), ()])
def test_only_type_0001_protects(kinds: tuple[str, ...]) -> None:
    person = only(rec.main(ANNA), *(rec.protection(ANNA, kind) for kind in kinds))
    assert person.protection is EMPTY


@pytest.mark.parametrize("records", [(), (rec.name(ANNA, "", "", ""),)])
def test_a_missing_and_a_blank_name_are_both_empty(records: tuple[str, ...]) -> None:
    assert only(rec.main(ANNA), *records).name is EMPTY


@pytest.mark.parametrize("born", ["", "1950-00-00", "0000-00-00", "2027-02-29", "1980-W01-1"])
def test_a_birth_date_that_is_no_date_is_silent(born: str) -> None:
    assert only(rec.main(ANNA, born=born)).birth is SILENT


@pytest.mark.parametrize(
    "records",
    [
        (rec.codes(ANNA),),
        (rec.text(ANNA),),
        (rec.codes(ANNA), rec.text(ANNA, " " * 22)),
        (rec.codes(ANNA, "0" * 8), rec.text(ANNA)),
    ],
)
def test_an_address_needs_both_its_codes_and_its_text(records: tuple[str, ...]) -> None:
    assert only(rec.main(ANNA), *records).address is SILENT


def test_an_address_is_read_from_the_text_alone_if_the_codes_are_not_in_the_agreement() -> None:
    person = only(rec.main(ANNA), rec.text(ANNA, co="c/o Bo"), agreement=DEFAULT_AGREEMENT - {"002"})
    assert isinstance(person.address, Address)
    assert (person.address.house, person.address.co) == ("16B", "c/o Bo")


def test_codes_that_differ_in_writing_only_do_not_contradict() -> None:
    upper = "0751" + "0123" + "16B " + "st" + "TH  " + "    "
    assert isinstance(only(rec.main(ANNA), rec.codes(ANNA), rec.text(ANNA, upper)).address, Address)


@pytest.mark.parametrize("status", ["70", "80", "90"])
def test_an_address_carried_at_a_status_without_one_is_silent_whatever_it_holds(status: str) -> None:
    elsewhere = rec.CODES.replace("0751", "0101")
    assert only(rec.main(ANNA, status=status), rec.codes(ANNA), rec.text(ANNA, elsewhere)).address is SILENT


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ((rec.main(ANNA, status="02"),), "person.status"),
        # reserved: none of the eleven statuses
        ((rec.main(ANNA, status="10"),), "person.status"),
        ((rec.main(ANNA, status="x1"),), "person.status"),
        ((rec.main(ANNA), rec.main(ANNA)), "person.duplicate_001"),
        ((rec.main(ANNA), rec.name(ANNA), rec.name(ANNA)), "person.duplicate_008"),
        ((rec.name(ANNA),), "person.no_001"),
        ((rec.main(ANNA, status="60", current="12"),), "person.current_number"),
        ((rec.main(ANNA), rec.protection(ANNA, "1   ")), "protection.type"),
        ((rec.main(ANNA), rec.protection(ANNA, "000²")), "protection.type"),
        ((rec.main(ANNA), rec.codes(ANNA, "07x1" + rec.CODES[4:]), rec.text(ANNA)), "address.municipality"),
        ((rec.main(ANNA), rec.codes(ANNA), rec.text(ANNA, "0751012x" + rec.CODES[8:])), "address.street"),
        ((rec.main(ANNA), rec.codes(ANNA), rec.text(ANNA, "0101" + rec.CODES[4:])), "address.contradiction"),
        ((rec.main(ANNA), rec.codes(ANNA), rec.text(ANNA).replace("8000Aarhus", "80x0Aarhus")), "address.code"),
        ((rec.main(ANNA, status="80"), rec.departure(ANNA, "51x0", "Malmö")), "abroad.country"),
        # UTF-8 that someone before us read as ISO-8859-1: of one person, while the others are right
        ((rec.main(ANNA), rec.name(ANNA, "PrÃ¸ve Skov")), "person.misread"),
        ((rec.main(ANNA), rec.codes(ANNA), rec.text(ANNA, road="BÃ¸gevej")), "person.misread"),
        ((rec.main(ANNA), rec.codes(ANNA, lines=("", "GÃ¥rden")), rec.text(ANNA)), "person.misread"),
        ((rec.main(ANNA), rec.contact(ANNA, "HavnegÃ¦rdet 1")), "person.misread"),
        ((rec.main(ANNA, status="80"), rec.departure(ANNA, "5120", "MalmÃ¶")), "person.misread"),
    ],
)
def test_one_bad_person_is_unreadable_and_the_others_go_on(records: tuple[str, ...], reason: str) -> None:
    # who has no 001 comes after those who have
    expected = [None, reason] if reason == "person.no_001" else [reason, None]
    assert reasons(*records, rec.main(BO), rec.name(BO)) == expected


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ((rec.main(ANNA, status="10"),), "person.status"),
        ((rec.main(ANNA), rec.codes(ANNA, "07512x10"), rec.text(ANNA)), "address.street"),
        ((), "person.no_001"),
        ((rec.main(ANNA), rec.protection(ANNA, "1   ")), "protection.type"),
        ((rec.main(ANNA), rec.name(ANNA), rec.name(ANNA)), "person.duplicate_008"),
    ],
)
def test_a_protection_is_believed_of_someone_who_cannot_be_read(broken: tuple[str, ...], reason: str) -> None:
    """Record 004, type 0001; whatever else is wrong with her (decision 3)."""
    (bad,) = persons(lines(night(*broken, rec.protection(ANNA))))
    assert isinstance(bad, Unreadable)
    assert (bad.reason, bad.protection) == (reason, Protection.NAME_AND_ADDRESS)


@pytest.mark.parametrize("kind", ["0002", "0003", "1   "])
def test_nothing_else_is_believed_of_someone_who_cannot_be_read(kind: str) -> None:
    """Silent and not empty: that a record is missing says nothing where others are damaged."""
    (bad,) = persons(lines(night(rec.main(ANNA, status="10"), rec.protection(ANNA, kind))))
    assert isinstance(bad, Unreadable)
    assert bad.protection is SILENT


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ((rec.main(ANNA, status="90"), rec.protection(ANNA, "1   ")), "protection.type"),
        ((rec.main(ANNA, status="90"), rec.name(ANNA), rec.name(ANNA)), "person.duplicate_008"),
        ((rec.main(ANNA), rec.main(ANNA, status="90")), "person.duplicate_001"),
    ],
)
def test_a_death_is_believed_of_someone_who_cannot_be_read(broken: tuple[str, ...], reason: str) -> None:
    """Record 001, status 90: letters to the dead stop whatever else is wrong (decision 3)."""
    (bad,) = persons(lines(night(*broken)))
    assert bad == Unreadable(CprNumber(ANNA), reason, status=Status.DEAD)


@pytest.mark.parametrize("status", ["01", "30", "70", "10"])
def test_no_other_status_is_believed_of_someone_who_cannot_be_read(status: str) -> None:
    (bad,) = persons(lines(night(rec.main(ANNA, status=status), rec.main(ANNA, status=status))))
    assert bad == Unreadable(CprNumber(ANNA), "person.duplicate_001")


def test_a_number_that_is_none_is_unreadable_without_being_named() -> None:
    bad, good = persons(lines(night(rec.main("02038000xx"), rec.main(BO))))
    assert isinstance(bad, Unreadable)
    assert (bad.number, bad.reason) == (None, "person.number")
    assert isinstance(good, Person)


def test_a_number_with_records_beyond_any_person_is_unreadable() -> None:
    assert reasons(rec.main(ANNA), *(rec.event(ANNA) for _ in range(60_000)), rec.main(BO)) == [
        "person.too_large",
        None,
    ]


def test_a_number_in_more_places_than_any_person_is_unreadable() -> None:
    scattered = [rec.event(who) for _ in range(1100) for who in (ANNA, BO)]
    assert reasons(rec.main(ANNA), *scattered, rec.main(NEW)) == ["person.too_large", None, "person.too_large"]


@pytest.mark.parametrize("limit", [1, 32 * 1024 * 1024], ids=["spilled", "in memory"])
@pytest.mark.parametrize("kind", ["0001", "0003"])
def test_of_someone_too_large_a_protection_and_a_death_are_believed(kind: str, limit: int, tmp_path: Path) -> None:
    """Wherever the 004 stands among her records: a thousand places are kept of nobody."""
    scattered = [rec.event(who) for _ in range(1100) for who in (ANNA, BO)]
    content = lines(night(rec.main(ANNA, status="90"), *scattered, rec.protection(ANNA, kind)))
    anna, bo = persons(content, index_limit_bytes=limit, spill=tmp_path)
    told = Protection.NAME_AND_ADDRESS if kind == "0001" else SILENT
    assert anna == Unreadable(CprNumber(ANNA), "person.too_large", told, Status.DEAD)
    assert bo == Unreadable(CprNumber(BO), "person.too_large")


@pytest.mark.parametrize("about", ["0000000751", ANNA], ids=["a municipality", "same-receipt"])
def test_an_old_number_an_event_an_error_and_a_receipt_bring_no_person(about: str) -> None:
    error = "910" + about + "0102" + " " * 71 + "0017" + "Ukendt kommune"
    receipt = "997" + OLD + "202703011200" + "A45"
    found = persons(lines(night(rec.old_number(NEW, OLD), rec.event(GONE), error, receipt, rec.main(BO))))
    assert [p.number for p in found] == [CprNumber(BO)]


def test_longer_lines_and_unknown_record_types_do_not_disturb_a_person() -> None:
    person = only(rec.main(ANNA).ljust(140), "077" + ANNA + "later", rec.name(ANNA).ljust(193) + "a later field")
    assert person.name == Name("Åse Ørum", "Åse", "", "Ørum")


def test_a_first_delivery_may_name_its_own_day_as_the_one_before() -> None:
    start = rec.START.replace("20270226", "20270301")
    header = reader().inspect(BytesIO(lines([start, rec.main(ANNA), rec.end(1)]))).header
    assert (header.produced, header.previous, header.begins_a_chain) == (date(2027, 3, 1), date(2027, 3, 1), True)


def test_a_repr_shows_nothing_of_a_person() -> None:
    assert repr(persons(lines(small_night()))[0]) == "Person(…)"
    assert ANNA not in repr(persons(lines(night(rec.name(ANNA))))[0])


# -- the index -----------------------------------------------------------------------------------------------


@FRAMINGS
def test_an_index_over_its_limit_spills_and_gives_the_same_persons(content: bytes, tmp_path: Path) -> None:
    assert persons(content, index_limit_bytes=1, spill=tmp_path) == persons(content)
    assert list(tmp_path.iterdir()) == []


def test_a_spilled_index_keeps_the_order_of_memory_for_those_without_001(tmp_path: Path) -> None:
    content = lines(night(rec.name(GONE), rec.text(ANNA), rec.main(BO), rec.main(ANNA), rec.name(OLD), rec.main(ANNA)))
    assert persons(content, index_limit_bytes=1, spill=tmp_path) == persons(content)


def test_a_spilled_index_holds_no_number(tmp_path: Path) -> None:
    many = [record for serial in range(200) for record in (rec.main(rec.number(serial)),)]
    numbers = [rec.number(serial).encode() for serial in range(200)]
    found = reader(index_limit_bytes=1, spill=tmp_path).persons(BytesIO(lines(night(*many))))
    next(found)
    spilled = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert len(spilled) > 5000
    assert not any(digits in spilled for digits in numbers)
    found.close()  # type: ignore[attr-defined]  # a generator
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_the_index_is_said_and_is_not_the_deliverys_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        persons(lines(small_night()), index_limit_bytes=1, spill=tmp_path / "gone")
    assert refused.value.kind == "delivery.no_room"


def test_a_stream_that_changes_between_the_passes_is_refused() -> None:
    others = [rec.number(serial) for serial in range(10, 900)]
    between = [record for other in others for record in (rec.main(other), rec.codes(other))]
    content = stream(night(rec.main(ANNA), rec.main(BO), *between, rec.text(BO)))
    source = BytesIO(content)
    found = reader().persons(source)
    next(found)
    source.seek(content.index(b"003" + BO.encode()))
    source.write(b"xxx")
    with pytest.raises(DeliveryRefused):
        list(found)


def test_a_key_that_is_too_short_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        persons(lines(small_night()), hash_key=b"short")


# -- feed inspect ---------------------------------------------------------------------------------------------

SMALL = {
    "task": "123456",
    "produced": "2027-03-01",
    "previous": "2027-02-26",
    "records": 25,
    "persons": 5,
    "by_record": {"001": 5, "002": 3, "003": 3, "004": 2, "005": 1, "006": 1, "008": 4, "022": 1, "099": 5},
    "by_status": {"01": 3, "60": 1, "80": 1},
    "protected": 1,
    "events": 5,
    "by_event": {"A01": 1, "A14": 1, "A33": 1, "P03": 2},
    "unknown_records": {},
    "complete": True,
    "problem": None,
}


@pytest.mark.parametrize(("make", "framing"), [(lines, "lines"), (stream, "stream")])
def test_a_file_is_described_by_its_counts(make: object, framing: str, tmp_path: Path) -> None:
    path = tmp_path / "D270301.L123456"
    path.write_bytes(make(small_night()))  # type: ignore[operator]  # lines or stream
    assert examine_file(path) == (SMALL | {"framing": framing}, None)


def test_a_status_is_counted_once_for_each_number_and_protection_wherever_it_stands() -> None:
    content = lines(
        night(
            rec.main(ANNA),
            rec.main(BO),
            rec.protection(ANNA),
            rec.main(ANNA),
            rec.protection(ANNA),
            rec.protection(GONE),
        )
    )
    inspection = reader().inspect(BytesIO(content))
    assert (dict(inspection.by_status), inspection.protected) == ({"01": 2}, 1)
    assert inspection.by_record["001"] == 3


@pytest.mark.parametrize(
    "records",
    [
        (rec.main(ANNA), rec.name(BO)),
        (rec.main(ANNA), "00409099x0000" + "0001"),
        (rec.main(ANNA), rec.protection(BO), rec.event(BO)),
        (rec.main(ANNA), *(rec.name(BO),) * 6000),
        (rec.main(BO), *(record for _ in range(1001) for record in (rec.event(ANNA), rec.event(BO)))),
        (rec.main(ANNA), rec.event(BO), rec.old_number(GONE, OLD), "910" + OLD, "997" + NEW),
        (rec.main(ANNA), "055" + BO),
        (rec.main(ANNA), "910" + ANNA, rec.name(ANNA)),
    ],
    ids=[
        "no 001",
        "no number",
        "protection alone",
        "too large",
        "too many places",
        "only named",
        "unknown",
        "in a run",
    ],
)
@pytest.mark.parametrize("index_limit_bytes", [1, 32 * 1024 * 1024])
def test_as_many_persons_are_announced_as_are_then_delivered(
    records: tuple[str, ...], index_limit_bytes: int, tmp_path: Path
) -> None:
    """The balance counts what was announced: one orphaned record must not keep a night from closing."""
    content = lines(night(*records))
    options = {"index_limit_bytes": index_limit_bytes, "spill": tmp_path}
    assert reader(**options).inspect(BytesIO(content)).persons == len(persons(content, **options))


def test_unknown_record_types_and_codes_are_counted_without_content() -> None:
    content = lines(night(rec.main(ANNA), rec.main(BO, status="Å1"), "055" + ANNA + "x", rec.event(ANNA, "Ø12")))
    inspection = reader().inspect(BytesIO(content))
    assert dict(inspection.unknown_records) == {"055": 1}
    assert (inspection.records, dict(inspection.by_status), dict(inspection.by_event)) == (
        4,
        {"01": 1, "?": 1},
        {"?": 1},
    )


def test_a_night_without_changes_is_whole() -> None:
    assert reader().inspect(BytesIO(lines(night()))).records == 0
    assert persons(stream(night())) == []


def test_a_damaged_file_is_described_as_far_as_it_could_be_read(tmp_path: Path) -> None:
    path = tmp_path / "D270301.L123456"
    path.write_bytes(lines(small_night()[:-1]))
    document, refused = examine_file(path)
    assert refused is not None
    assert document["problem"] == "record 999 is missing: the delivery is cut short"
    assert (document["complete"], document["task"], document["records"]) == (False, "123456", 25)
    assert sum(document["by_status"].values()) == document["persons"]
    assert set(document) == set(SMALL) | {"framing"}


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        examine_file(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("moment", "mark", "day"),
    [
        ("202703091430", " ", date(2027, 3, 9)),
        ("202703090000", " ", date(2027, 3, 9)),
        ("202703091430", "*", None),
        ("000000000000", " ", None),
        ("202703000000", " ", None),
        (" " * 12, " ", None),
    ],
)
def test_the_registers_day_is_read_if_it_is_set_and_certain(moment: str, mark: str, day: date | None) -> None:
    """Layout: 001 STATUSHAENSTART and 002 TILFLYDTO, each with its mark."""
    dated = rec.main(ANNA, since=moment)
    lived = rec.codes(ANNA)
    found = only(dated[:37] + mark + dated[38:], lived[:69] + moment + mark + lived[82:], rec.text(ANNA))
    assert (found.status_since, found.moved_in) == (day, day)
    assert found == only(rec.main(ANNA), rec.codes(ANNA), rec.text(ANNA))


def custody(of: str, kind: str, other: str = "") -> str:
    #      1-3    4-13 14-17  18-27          28    29-38      39-48         49-58
    return "016" + of + kind + "2027-03-22" + " " + " " * 10 + f"{other:10}" + " " * 10


@pytest.mark.parametrize(
    ("held", "holders"),
    [
        ((custody(ANNA, "0005", BO),), {BO}),
        # 015 does not name the mother: nobody can tell who has custody
        ((custody(ANNA, "0003"),), None),
        ((custody(ANNA, "0003"), custody(ANNA, "0005", BO)), None),
        ((custody(ANNA, "0003", NEW),), {NEW}),
    ],
)
def test_custody_is_told_if_everybody_who_has_it_is_named(held: tuple[str, ...], holders: set[str] | None) -> None:
    """Layout: RELTYP 0003 is the mother, whose number is in 015; 0005 another, whose number is RELPNR."""
    found = only(rec.main(ANNA), *held).custody
    assert (None if found is None else {one.digits for one in found.holders}) == holders
