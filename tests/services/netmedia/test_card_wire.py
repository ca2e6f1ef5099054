"""A library's cards at the mock's CULR over TLS, with lost answers and killed nights, asked about as a broker does."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import requests
import structlog
from card_broker import of_records, unread
from doubles import Killed, KilledStore, Library
from test_card_lives import Life
from test_leaving import leave
from town import PEOPLE_FILE
from townspeople import cpr

from cprsync.mock import control
from cprsync.mock.server import running
from cprsync.netmedia.client import SoapNetMedia
from cprsync.netmedia.settings import NetMediaSettings
from cprsync.resources import compile_schemas
from cprsync.wire.calls import CallSurroundings
from cprsync.wire.limits import CallLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from culr_double import CulrDouble

pytestmark = pytest.mark.xdist_group("mock")
SOAP, CULR = "http://schemas.xmlsoap.org/soap/envelope/", "http://ws.culrservice.dbc.dk/"


class Broker:
    """A log-in broker with bodies of its own. It knows no code of the client, and reads its answers with patterns."""

    def __init__(self, ready: dict[str, Any]) -> None:
        own = ready["agreements"][0]
        self._url, self._ca, self.agency = ready["culr_url"], ready["ca"], own["agency"]
        password = Path(own["culr"]["password_file"]).read_text(encoding="utf-8").strip()
        names = (("userIdAut", own["culr"]["user"]), ("groupIdAut", own["culr"]["group"]), ("passwordAut", password))
        self._signed = "".join(f"<{name}>{value}</{name}>" for name, value in names)

    def by_card(self, card: str) -> set[tuple[str, str]]:
        asked = f"<agencyId>{self.agency}</agencyId><userIdValue>{card}</userIdValue>"
        return self._accounts("getAccountsByLocalId", asked)

    def by_number(self, number: str) -> set[tuple[str, str]]:
        return self._accounts("getAccountsByGlobalId", f"<uidType>CPR</uidType><uidValue>{number}</uidValue>")

    def _accounts(self, operation: str, asked: str) -> set[tuple[str, str]]:
        parts = f"<userCredentials>{asked}</userCredentials><authCredentials>{self._signed}</authCredentials>"
        body = f'<c:{operation} xmlns:c="{CULR}">{parts}</c:{operation}>'
        envelope = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'
        answer = requests.post(
            self._url, envelope.encode(), headers={"Content-Type": "text/xml"}, verify=self._ca, timeout=20
        )
        assert answer.status_code == 200
        assert re.search("<responseCode>(OK200|ACCOUNT_DOES_NOT_EXIST)</responseCode>", answer.text)
        account = "<provider>(.*?)</provider><userIdType>(.*?)</userIdType><userIdValue>(.*?)</userIdValue>"
        return {(kind, value) for agency, kind, value in re.findall(account, answer.text) if agency == self.agency}


class WireLife(Life):
    """The same lives, with a CULR that answers over the wire, and nights that are killed."""

    ready: dict[str, Any]

    def happen(self) -> None:
        what = self.random.choice(("card", "card", "none", "number", "set", "lossy", "killed", "night"))
        getattr(self, f"_{what}")()

    def _lossy(self) -> None:
        control.fault(self.ready, "culr-lost", 10_000, share=0.1, seed=self.random.randrange(100))
        self.library.one_night(unread(self.library))
        control.calm(self.ready)

    def _killed(self) -> None:
        try:
            self.library.one_night(KilledStore(unread(self.library), at=self.random.randrange(1, 9)))
        except Killed:
            self.library.one_night(unread(self.library))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[dict[str, Any]]:
    with running(shutil.copytree(mock_keys, tmp_path_factory.mktemp("cards") / "mock"), PEOPLE_FILE) as document:
        yield document


@pytest.fixture
def told(library: Library, ready: dict[str, Any]) -> Iterator[Library]:
    """A library whose cards log in, with a client of the mock's CULR."""
    own = ready["agreements"][0]
    settings = NetMediaSettings(
        url=ready["culr_url"],
        ca=Path(ready["ca"]),
        agency=own["agency"],
        user=own["culr"]["user"],
        group=own["culr"]["group"],
        password_file=Path(own["culr"]["password_file"]),
        limits=CallLimits(tries=2),
    )
    client = SoapNetMedia(settings, schemas=compile_schemas(), surroundings=CallSurroundings(sleep=lambda _: None))
    library.sets_culr_up(cards=True)
    library.net_media = cast("CulrDouble", client)
    whole = library.ports
    library.ports = lambda store=None: replace(whole(store), agency=own["agency"])  # type: ignore[method-assign]  # the mock's agreements have agencies of their own
    yield library
    client.close()
    control.calm(ready)


def asked_both_ways(library: Library, broker: Broker, life: Life) -> None:
    """After a calm night, a card leads to its patron and no other card to anybody; a patron leads to their cards."""
    for _ in range(2):
        library.one_night(unread(library))
    wanted = of_records(library)
    for card in {*wanted, *life.cards, "CLARA"} - {one for one, number in wanted.items() if number is None}:
        number = wanted.get(card)
        mine = {("LOCAL", other) for other, theirs in wanted.items() if theirs == number}
        assert broker.by_card(card) == (set() if number is None else mine | {("CPR", number)})
    for number in {*filter(None, wanted.values()), cpr("EDITH").digits}:
        mine = {("LOCAL", other) for other, theirs in wanted.items() if theirs == number}
        assert broker.by_number(number) == (mine | {("CPR", number)} if number in wanted.values() else set())


def test_after_each_event_of_a_life_a_broker_is_told_the_truth_over_the_wire(
    told: Library, ready: dict[str, Any]
) -> None:
    broker = Broker(ready)
    told.night()
    life = WireLife(told, cast("CulrDouble", None), 1)
    life.ready = ready
    with structlog.testing.capture_logs() as logs:
        for _ in range(12):
            life.happen()
            asked_both_ways(told, broker, life)
        leave(told, life.ids[1])
        asked_both_ways(told, broker, life)
    written = repr(logs)
    assert "netmedia.call" in written
    assert not [one for one in (*life.cards, *(cpr(key).digits for key in ("ANNA", "BO"))) if f"'{one}'" in written]
