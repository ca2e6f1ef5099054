"""Nights: which days are closed, who is delivered, and what stands where in the file, by positions typed here."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from mock_delivery import Delivery, delivery
from mock_wire import Caller
from town import ANNA, PEOPLE, number

from cprsync.mock import asking, control
from cprsync.mock.town.delivery import is_working_day, offset_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    Start = Callable[..., AbstractContextManager[dict[str, Any]]]


@pytest.fixture
def everyone(caller: Caller) -> Caller:
    caller.subscription("AddNoFilterSubscription")
    return caller


def tonight(ready: dict[str, Any], tmp_path: Path) -> Delivery:
    (file,) = control.night(ready)["files"]
    return delivery(tmp_path / "mock", file)


# -- days ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2027-03-24", True),
        ("2027-03-25", False),  # Maundy Thursday
        ("2027-03-26", False),
        ("2027-03-27", False),
        ("2027-03-29", False),  # Easter Monday
        ("2027-03-30", True),
        ("2024-04-26", True),  # store bededag, no holiday since 2024
        ("2023-05-05", False),  # and the last time that it was one
        ("2028-06-05", False),
        ("2027-12-24", False),
        ("2027-12-31", False),
        ("2028-01-03", True),
        ("2026-05-01", True),
    ],
)
def test_weekends_and_danish_holidays_are_no_working_days(day: str, *, working: bool) -> None:
    assert is_working_day(date.fromisoformat(day)) is working


@pytest.mark.parametrize(
    ("day", "offset"),
    [("1962-12-10", "+01:00"), ("1985-05-04", "+02:00"), ("1942-01-15", "+02:00"), ("1893-05-04", "+01:00")],
)
def test_a_day_has_the_offset_copenhagen_had(day: str, offset: str) -> None:
    """In 1942 summer time lasted all winter; before 1894 the offset had seconds, which no xs:date can say."""
    assert offset_on(date.fromisoformat(day)) == offset


def test_five_nights_from_the_monday_before_easter_close_no_holiday(ready: dict[str, Any], tmp_path: Path) -> None:
    done = control.night(ready, count=5)
    assert done["files"] == [f"D{day}.L123456" for day in ("270322", "270323", "270324", "270330", "270331")]
    assert done["skipped"] == ["2027-03-25", "2027-03-26", "2027-03-27", "2027-03-28", "2027-03-29"]
    assert done["day"] == "2027-04-01"
    previous = [delivery(tmp_path / "mock", file).lines[0][27:35] for file in done["files"]]
    assert previous == ["20270319", "20270322", "20270323", "20270324", "20270330"]


def test_after_a_night_the_clock_stands_at_half_past_six_the_next_day(ready: dict[str, Any]) -> None:
    control.night(ready, count=4)  # 22, 23, 24 and, after Easter, 30 March: summer time
    assert asking.clock(ready) == {"day": "2027-03-31", "now": "2027-03-31T06:30:00+02:00"}


def test_a_day_moves_the_calendar_and_delivers_nothing(ready: dict[str, Any], tmp_path: Path) -> None:
    assert control.day(ready) == {"day": "2027-03-23", "files": [], "persons": 0}
    assert not list((tmp_path / "mock" / "IN").iterdir())


def test_a_quiet_night_is_an_empty_file(ready: dict[str, Any], tmp_path: Path) -> None:
    zeros, nines = "0" * 10, "9" * 10
    content = tonight(ready, tmp_path).content.decode("ascii")
    assert content == f"000{zeros}1234562027032220270319\n999{nines}00000000\n"


def test_no_empty_leaves_a_quiet_night_without_a_file_and_the_chain_goes_on(
    ready: dict[str, Any], caller: Caller, tmp_path: Path
) -> None:
    caller.subscribe(ANNA)
    control.night(ready)
    assert control.night(ready, empty=False)["files"] == []
    control.event(ready, "resend", "ANNA")
    assert tonight(ready, tmp_path).lines[0][27:35] == "20270322"


# -- who is delivered ------------------------------------------------------------------------------------------


def test_subscribing_brings_no_first_copy(ready: dict[str, Any], caller: Caller) -> None:
    caller.subscribe(ANNA)
    assert control.night(ready)["persons"] == 0


def test_only_those_who_changed_and_are_subscribed_are_delivered(
    ready: dict[str, Any], caller: Caller, tmp_path: Path
) -> None:
    caller.subscribe(ANNA)
    caller.subscribe(number("CLARA"))
    control.event(ready, "move", "ANNA", "SKOLEN")
    control.event(ready, "move", "BO", "SKOLEN")
    assert {line[3:13] for line in tonight(ready, tmp_path).lines[1:-1]} == {ANNA}


def test_a_change_is_delivered_once(ready: dict[str, Any], caller: Caller) -> None:
    caller.subscribe(ANNA)
    control.event(ready, "move", "ANNA", "SKOLEN")
    assert control.night(ready)["persons"] == 1
    assert control.night(ready)["persons"] == 0


def test_a_change_on_a_day_without_a_file_waits_for_the_next_night(ready: dict[str, Any], caller: Caller) -> None:
    caller.subscribe(ANNA)
    control.event(ready, "move", "ANNA", "SKOLEN")
    control.day(ready)
    assert control.night(ready)["persons"] == 1


def test_who_changed_before_she_was_subscribed_that_day_is_delivered(ready: dict[str, Any], caller: Caller) -> None:
    """Her look-up at that hour still shows the day before, so the file is the only way to learn of it."""
    control.event(ready, "move", "ANNA", "SKOLEN")
    caller.subscribe(ANNA)
    assert control.night(ready)["persons"] == 1


def test_another_agreements_subscription_delivers_nothing_here(ready: dict[str, Any], caller: Caller) -> None:
    caller.subscribe(ANNA, agreement="ffffffff-aaaa-bbbb-cccc-dddddddddddd")
    control.event(ready, "move", "ANNA", "SKOLEN")
    assert control.night(ready)["persons"] == 0


@pytest.mark.parametrize(
    ("operation", "content", "persons"),
    [
        ("AddMunicipalityCodeSubscription", "<x:MunicipalityCode>751</x:MunicipalityCode>", 1),
        ("AddMunicipalityCodeSubscription", "<x:MunicipalityCode>0461</x:MunicipalityCode>", 1),
        ("AddMunicipalityCodeSubscription", "<x:MunicipalityCode>0101</x:MunicipalityCode>", 0),
        ("AddAgeRangeSubscription", "<x:AgeRange><x:StartAge>41</x:StartAge><x:EndAge>41</x:EndAge></x:AgeRange>", 1),
        ("AddAgeRangeSubscription", "<x:AgeRange><x:StartAge>42</x:StartAge><x:EndAge>99</x:EndAge></x:AgeRange>", 0),
        ("AddChangeCodeSubscription", "<x:ChangeCode>A01</x:ChangeCode>", 1),
        ("AddChangeCodeSubscription", "<x:ChangeCode>A21</x:ChangeCode>", 0),
        ("AddNoFilterSubscription", "", 1),
    ],
)
def test_the_other_filters_select_as_well(
    ready: dict[str, Any], caller: Caller, operation: str, content: str, persons: int
) -> None:
    """ANNA, who is 41, moves from 0751 to 0461: both municipalities hear of it."""
    caller.subscription(operation, content)
    control.event(ready, "move", "ANNA", "ODENSE")
    assert control.night(ready)["persons"] == persons


# -- what stands where ---------------------------------------------------------------------------------------


def test_a_persons_records_stand_where_the_layout_says(ready: dict[str, Any], everyone: Caller, tmp_path: Path) -> None:
    """Positions from the layout of U12170-P, 1-based in the comments."""
    control.event(ready, "move", "ANNA", "HAVNEN")
    file = tonight(ready, tmp_path)
    assert file.kinds(ANNA) == ["001", "002", "008", "099", "003"]
    person = file.record(ANNA, "001")
    assert person[13:23] == " " * 10  # 14-23 PNRGAELD
    assert person[23:25] == "01"  # 24-25 STATUS
    assert person[25:37] == "201208010000"  # 26-37 STATUSHAENSTART
    assert person[38] == "K"  # 39 KOEN
    assert person[39:50] == "1985-05-04 "  # 40-49 FOED_DT, 50 its mark
    assert person[72:106].rstrip() == "Tømrer"  # 73-106 STILLING
    address = file.record(ANNA, "002")
    assert address[13:17] == "0751"  # 14-17 KOMKOD
    assert address[17:21] == "7301"  # 18-21 VEJKOD
    assert address[21:25] == "008D"  # 22-25 HUSNR
    assert address[25:27] == "06"  # 26-27 ETAGE
    assert address[27:31] == "0004"  # 28-31 SIDEDOER
    assert address[69:81] == "202703220000"  # 70-81 TILFLYDTO
    clear = file.record(ANNA, "003")
    assert clear[13:47].rstrip() == PEOPLE["ANNA"]["name"]["addressing"]  # 14-47 ADRNVN
    assert clear[115:149].rstrip() == "Tovværkskajen 8D, 6. 4"  # 116-149 STANDARDADR
    assert clear[183:187] == "8000"  # 184-187 POSTNR
    assert clear[187:207].rstrip() == "Aarhus C"  # 188-207 POSTDISTTXT
    assert clear[207:211] == "0751"  # 208-211 KOMKOD
    assert clear[211:215] == "7301"  # 212-215 VEJKOD
    assert clear[229:249].rstrip() == "Tovværkskajen"  # 230-249 VEJADRNVN
    name = file.record(ANNA, "008")
    assert name[13:63].rstrip() == "Mette Marie"  # 14-63 FORNVN
    assert name[105:145].rstrip() == "Skovgaard"  # 106-145 EFTERNVN
    assert name[159:193].rstrip() == "Mette Marie Skovgaard"  # 160-193 ADRNVN
    assert file.record(ANNA, "099")[13:30] == "202703221200A01  "  # 14-25 TIMESTAMPU, 26-28 HAENDELSE, 29-30


def test_a_door_of_two_letters_stands_at_the_right(ready: dict[str, Any], everyone: Caller, tmp_path: Path) -> None:
    control.event(ready, "resend", "ANNA")
    file = tonight(ready, tmp_path)
    assert file.record(ANNA, "002")[25:31] == "st  th"
    assert file.record(ANNA, "003")[219:225] == "st  th"  # 220-221 ETAGE, 222-225 SIDEDOER


def test_a_resent_snapshot_carries_a_requisition_without_a_time(
    ready: dict[str, Any], everyone: Caller, tmp_path: Path
) -> None:
    control.event(ready, "resend", "ANNA")
    assert tonight(ready, tmp_path).record(ANNA, "099")[13:28] == " " * 12 + "A74"


def test_everybodys_003_stands_in_one_block_before_the_end(
    ready: dict[str, Any], everyone: Caller, tmp_path: Path
) -> None:
    for key in ("HELLE", "ANNA", "BO"):
        control.event(ready, "resend", key)
    kinds = [line[:3] for line in tonight(ready, tmp_path).lines]
    assert kinds[-4:] == ["003", "003", "003", "999"]
    assert "003" not in kinds[:-4]


def test_a_protected_person_still_carries_her_address_and_no_deletion_date(
    ready: dict[str, Any], everyone: Caller, tmp_path: Path
) -> None:
    control.event(ready, "resend", "HELLE")
    file = tonight(ready, tmp_path)
    assert file.record(number("HELLE"), "004")[13:37] == "00012026-11-01" + " " * 10
    assert file.record(number("HELLE"), "002")[13:17] == "0751"


def test_an_emigrated_person_has_a_name_abroad_and_no_address(
    ready: dict[str, Any], everyone: Caller, tmp_path: Path
) -> None:
    control.event(ready, "resend", "UDREJST")
    file = tonight(ready, tmp_path)
    who = number("UDREJST")
    assert file.kinds(who) == ["001", "005", "006", "008", "099", "003"] or "002" not in file.kinds(who)
    assert file.record(who, "005")[13:30] == "5120202402010000 "  # 14-17 country, 18-29 left, 30 mark
    assert file.record(who, "005")[30:64].rstrip() == "Ångströmsgatan 18"  # 31-64
    assert file.record(who, "006")[81:115].rstrip() == "8000 Aarhus C"  # 82-115, the third line
    assert file.record(who, "006")[183:193] == "2024-02-01"  # 184-193
    assert file.record(who, "003")[47:].strip() == ""


def test_the_metadata_says_name_and_size(ready: dict[str, Any], everyone: Caller, tmp_path: Path) -> None:
    control.event(ready, "resend", "UMLAUT")
    file = tonight(ready, tmp_path)
    assert file.promised == len(file.content)
    assert f"<FileName>{file.name}</FileName>" in file.metadata
    assert 'xmlns:ns2="http://serviceplatformen.dk/xml/wsdl/soap11/SFTP/1/types"' in file.metadata


def test_all_of_the_town_fits_in_one_night(ready: dict[str, Any], everyone: Caller, tmp_path: Path) -> None:
    born = [key for key, person in PEOPLE.items() if not person.get("unborn")]
    for key in born:
        control.event(ready, "resend", key)
    file = tonight(ready, tmp_path)
    assert sum(line.startswith("001") for line in file.lines) == len(born)
    assert file.lines[-1] == f"999{'9' * 10}{len(file.lines) - 2:08}"
    assert all(line == line.rstrip() for line in file.lines)
    assert re.search(rb"[\xe6\xf8\xe5]", file.content)
    for key in born:
        has_address = "002" in file.kinds(number(key))
        assert has_address == (int(PEOPLE[key]["status"]) < 30 and "address" in PEOPLE[key]), key


#: By hand from the layout: how long each record is in a file without line ends.
LENGTHS = {
    "000": 35,
    "001": 106,
    "002": 306,
    "003": 249,
    "004": 37,
    "005": 200,
    "006": 203,
    "007": 26,
    "008": 193,
    "010": 30,
    "012": 95,
    "014": 23,
    "015": 147,
    "022": 45,
    "099": 45,
    "999": 21,
}


def test_a_stream_is_the_same_records_in_full_without_line_ends(start: Start, tmp_path: Path) -> None:
    with start(framing="stream") as ready:
        Caller(ready).subscription("AddNoFilterSubscription")
        for key, person in PEOPLE.items():
            if not person.get("unborn"):
                control.event(ready, "resend", key)
        content = tonight(ready, tmp_path).content.decode("iso-8859-1")
    assert "\n" not in content
    seen, count = set(), 0
    while content:
        kind = content[:3]
        seen.add(kind)
        count += 1
        record, content = content[: LENGTHS[kind]], content[LENGTHS[kind] :]
        assert len(record) == LENGTHS[kind]
    assert seen == set(LENGTHS)
    assert record[13:21] == f"{count - 2:08}"
