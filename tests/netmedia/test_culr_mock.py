"""The client against the mock's CULR over TLS: whom it trusts, how long it waits, and answers lost after the effect."""

from __future__ import annotations

import logging
from dataclasses import replace
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi
import pytest
import structlog

from cprsync.cli.setup.installation import write_folder
from cprsync.config.settings import load_settings
from cprsync.domain.netmedia.account import Code, CulrHolding, Effect, Identity, IdType
from cprsync.domain.netmedia.settling import Settled, Unsettled
from cprsync.errors import ConfigurationError, NetMediaUnavailable, NetMediaUntrusted
from cprsync.mock import control
from cprsync.wire.limits import AnswerLimits, CallLimits
from cprsync.wiring.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.netmedia.client import SoapNetMedia
    from cprsync.netmedia.settings import NetMediaSettings

pytestmark = pytest.mark.xdist_group("mock")
#: The tests share one mock: each takes numbers that nobody has had.
NUMBERS = count(1)
ONCE = CallLimits(tries=1)


def effect(municipality: str = "751") -> Effect:
    place = next(NUMBERS)
    return Effect(f"{place:08}", 1, Identity(IdType.CPR, f"0301{place:06}"), municipality)


class Calls:
    """Counts calls where their log lines go."""

    made = 0

    def debug(self, _event: str, **_: object) -> None:
        self.made += 1


def settled(culr: SoapNetMedia, wanted: Effect) -> object:
    [(_, outcome)] = culr.send_many([[wanted]])
    return outcome


def changes(ready: dict[str, Any]) -> list[dict[str, Any]]:
    ledger: list[dict[str, Any]] = control.culr(ready)["ledger"]
    return ledger


# -- whom it trusts ----------------------------------------------------------------------------------------------------


def test_a_certificate_of_another_issuer_is_not_trusted_and_nothing_is_sent(
    at_mock: dict[str, Any],
    ready: dict[str, Any],
    make_culr: Callable[..., SoapNetMedia],
    settings: NetMediaSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even when the environment names the right ones: only the file in the settings counts."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ready["ca"])
    before, calls = control.culr(ready), Calls()
    culr = make_culr(**(at_mock | {"ca": Path(certifi.where())}), log=calls)
    outcomes = [outcome for _, outcome in culr.send_many([effect()] for _ in range(200))]
    assert {type(outcome) for outcome in outcomes} == {NetMediaUntrusted}
    # what is not to be trusted is not tried again; each thread may have begun its first call before one was refused
    assert len(outcomes) == calls.made <= settings.workers + settings.workers // 4
    assert control.culr(ready) == before


def test_missing_issuers_are_said_before_anything_is_sent(
    at_mock: dict[str, Any], make_culr: Callable[..., SoapNetMedia], tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError):
        make_culr(**(at_mock | {"ca": tmp_path / "none.pem"}))


def test_what_init_writes_for_the_mock_leads_to_it(ready: dict[str, Any], tmp_path: Path) -> None:
    write_folder(tmp_path, mock=Path(ready["ca"]).parent.parent / "ready.json")
    settings = load_settings(tmp_path / "cprsync.toml")
    [library] = settings.library
    with Site(settings, library).counterparts.net_media() as net_media:
        assert net_media is not None
        assert [outcome for _, outcome in net_media.send_many([[effect()]])] == [Settled("751")]
    with Site(settings, library.model_copy(update={"culr": None})).counterparts.net_media() as net_media:
        assert net_media is None


# -- who we are --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"user": "other"}, Code.COULD_NOT_AUTHENTICATE),
        ({"agency": "710200"}, Code.NO_AUTHORISATION),
    ],
)
def test_wrong_credentials_end_it_with_the_first_code_and_change_nothing(
    at_mock: dict[str, Any],
    ready: dict[str, Any],
    make_culr: Callable[..., SoapNetMedia],
    wrong: dict[str, str],
    code: Code,
) -> None:
    before = changes(ready)
    outcomes = [outcome for _, outcome in make_culr(**(at_mock | wrong)).send_many([effect()] for _ in range(200))]
    assert set(outcomes) == {Unsettled(code)}
    # 16 under way, and a quarter more being written
    assert len(outcomes) <= 20
    assert changes(ready) == before


# -- answers that do not come ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["culr-lost", "culr-500", "culr-garbage", "culr-down", "culr-fault"])
def test_a_call_whose_answer_is_lost_is_made_again_and_its_effect_happens_once(
    at_mock: dict[str, Any], ready: dict[str, Any], make_culr: Callable[..., SoapNetMedia], kind: str
) -> None:
    before = len(changes(ready))
    control.fault(ready, kind)
    assert settled(make_culr(**at_mock), effect()) == Settled("751")
    assert len(changes(ready)) == before + 1


def test_an_answer_that_is_too_late_is_none_and_its_effect_counts_the_next_time(
    at_mock: dict[str, Any], ready: dict[str, Any], make_culr: Callable[..., SoapNetMedia]
) -> None:
    short = AnswerLimits(max_bytes=10_000, max_elements=100, seconds=0.5)
    wanted, before = effect(), len(changes(ready))
    culr = make_culr(**at_mock, answer=short, limits=CallLimits(tries=1))
    control.fault(ready, "culr-slow", seconds=2)
    outcome = settled(culr, wanted)
    assert isinstance(outcome, NetMediaUnavailable)
    assert outcome.kind == "netmedia.timeout"
    assert len(changes(ready)) == before + 1
    assert settled(make_culr(**at_mock), wanted) == Settled("751")
    assert len(changes(ready)) == before + 1


def test_nobody_there_is_told_and_given_up(at_mock: dict[str, Any], make_culr: Callable[..., SoapNetMedia]) -> None:
    culr = make_culr(**(at_mock | {"url": "https://localhost:1/1.6/CulrWebService"}), limits=ONCE)
    outcomes = list(culr.send_many([effect()] for _ in range(200)))
    kinds = {outcome.kind for _, outcome in outcomes if isinstance(outcome, NetMediaUnavailable)}
    assert kinds == {"netmedia.unreachable"}
    assert 20 <= len(outcomes) < 40


def test_with_a_tenth_of_the_answers_lost_each_change_happens_once_and_in_order(
    at_mock: dict[str, Any], ready: dict[str, Any], make_culr: Callable[..., SoapNetMedia]
) -> None:
    """Two hundred effects of a hundred patrons, side by side; what is not settled is sent again, as a night would."""
    known = len(changes(ready))
    waiting = {}
    for _ in range(100):
        first = effect("101")
        waiting[first.patron_id] = [first, Effect(first.patron_id, 2, first.identity, "751", known=True)]
    control.fault(ready, "culr-lost", 10_000, share=0.1, seed=1)
    culr, rounds = make_culr(**at_mock), 0
    while any(waiting.values()):
        rounds += 1
        assert rounds < 5
        for one, outcome in culr.send_many(list(queue) for queue in waiting.values() if queue):
            if isinstance(outcome, Settled):
                assert waiting[one.patron_id].pop(0) == one
    told: dict[int, list[tuple[str | None, str | None]]] = {}
    for change in changes(ready)[known:]:
        pair = change["before"]["municipality"], change["after"]["municipality"]
        told.setdefault(change["patron"], []).append(pair)
    assert list(told.values()) == [[(None, "101"), ("101", "751")]] * 100
    # each takes three calls when no answer is lost
    assert sum(control.culr(ready)["calls"].values()) > 300


def test_of_two_patrons_who_meet_under_one_number_the_first_is_told_of_before_the_second(
    at_mock: dict[str, Any], ready: dict[str, Any], make_culr: Callable[..., SoapNetMedia]
) -> None:
    """One gets another number, and gives the old one up; the next has the old one now."""
    pairs = []
    for _ in range(25):
        old = effect("101")
        new = effect("461")
        pairs.append((old, replace(new, replaces=old.identity), replace(effect("751"), identity=old.identity)))
    culr = make_culr(**at_mock)
    assert {outcome for _, outcome in culr.send_many([old] for old, _, _ in pairs)} == {Settled("101")}
    queues = [queue for _, new, taker in pairs for queue in ([new], [taker])]
    assert {outcome for _, outcome in culr.send_many(queues)} == {Settled("461"), Settled("751")}
    holds = {
        one: replace(held, agencies=frozenset(), ours=frozenset())
        for one, held in culr.read_many(one.identity for _, *both in pairs for one in both)
        if isinstance(held, CulrHolding)
    }
    assert {(holds[new.identity], holds[taker.identity]) for _, new, taker in pairs} == {
        (CulrHolding(True, "461"), CulrHolding(True, "751"))
    }


# -- what is let out ---------------------------------------------------------------------------------------------------


@pytest.fixture
def let_out(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], str]:
    """What was printed or logged, with all that can be logged forced on."""
    monkeypatch.setattr(HTTPConnection, "debuglevel", 9)
    for name in (None, "zeep.transports", "urllib3.connectionpool"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.DEBUG)
        monkeypatch.setattr(logging.getLogger(name), "handlers", [caplog.handler])
    return lambda: "".join(capfd.readouterr()) + caplog.text


def test_with_wire_logging_forced_on_neither_number_nor_password_is_let_out(
    at_mock: dict[str, Any],
    ready: dict[str, Any],
    make_culr: Callable[..., SoapNetMedia],
    let_out: Callable[[], str],
) -> None:
    culr, wanted = make_culr(**at_mock, log=structlog.get_logger(), limits=ONCE), effect()
    settled(culr, wanted)
    [(_, held)] = culr.read_many([wanted.identity])
    failed = []
    for kind in ("culr-garbage", "culr-illegal", "culr-500"):
        control.fault(ready, kind)
        failed.append(settled(culr, wanted))
    out = let_out() + f"{culr!r} {wanted} {held} {failed} {[str(one) for one in failed]}"
    assert out.count("netmedia.call") == 6
    password = Path(at_mock["password_file"]).read_text(encoding="utf-8").strip()
    for leak in (wanted.identity.value, password, at_mock["user"]):
        assert leak not in out
