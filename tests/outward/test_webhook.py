"""The webhook against a receiver over TLS: what it is told, how it is proved, and what each answer leads to."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from receiver import KEY, Receiver, receiving, the_guides_check

from cprsync.errors import ConfigurationError, CprsyncError, TargetRefused, TargetUnavailable, TargetUntrusted
from cprsync.mock.certs import develop_certificates, packaged_profile
from cprsync.outward.settings import WebhookSettings
from cprsync.outward.webhook import WebhookClient, delivery_id, read_keys, sign_body, write_body
from cprsync.services.ports.outward import Delivered, OutwardEffect, Undelivered
from cprsync.wire.calls import CallSurroundings
from cprsync.wire.limits import AnswerLimits, CallLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Make = Callable[..., WebhookClient]
    Outcome = Delivered | Undelivered | CprsyncError

ANNA = OutwardEffect("hook", "10000001", 7, {"patron": "10000001", "protected": False, "status": "resident"})
#: Certificates that are quickly made.
_SHAPES = packaged_profile()
SMALL = replace(
    _SHAPES, **{one: replace(getattr(_SHAPES, one), key_bits=2048) for one in ("root", "issuing", "client", "server")}
)
QUICK = AnswerLimits(max_bytes=64 * 1024, max_elements=0, seconds=1)


@pytest.fixture(scope="module")
def served(mock_keys: Path) -> Iterator[Receiver]:
    with receiving(mock_keys / "certs") as receiver:
        yield receiver


@pytest.fixture
def receiver(served: Receiver) -> Receiver:
    served.begin_anew()
    return served


@pytest.fixture
def make_hook(receiver: Receiver, tmp_path: Path) -> Iterator[Make]:
    """A client of the receiver with some settings changed. It never sleeps."""
    made: list[WebhookClient] = []
    settings = WebhookSettings(
        url=receiver.url,
        ca=receiver.ca,
        agency="710100",
        keys=(new_key(tmp_path, "key-1"),),
        limits=CallLimits(connect_seconds=2),
        answer=QUICK,
    )

    def make(**changed: Any) -> WebhookClient:
        log = changed.pop("log", None)
        made.append(
            WebhookClient(replace(settings, **changed), surroundings=CallSurroundings(sleep=lambda _: None, log=log))
        )
        return made[-1]

    yield make
    for client in made:
        client.close()


def new_key(folder: Path, name: str, secret: str = KEY) -> Path:
    path = folder / f"{name}.key"
    path.write_text(secret, encoding="utf-8")
    path.chmod(0o600)
    return path


def queues(count: int, *, each: int = 1) -> list[list[OutwardEffect]]:
    """Patrons with so many effects each."""
    return [
        [
            replace(ANNA, patron_id=f"{10_000_000 + one}", version=100 * one + version, queued="then")
            for version in range(each)
        ]
        for one in range(count)
    ]


def outcome_of(client: WebhookClient, effect: OutwardEffect = ANNA) -> Outcome:
    ((told, outcome),) = client.send_many([[effect]])
    assert told is effect
    return outcome


# -- what it is told ---------------------------------------------------------------------------------------


def test_a_post_says_who_has_changed_and_nothing_about_the_patron(make_hook: Make, receiver: Receiver) -> None:
    client = make_hook()
    assert outcome_of(client) == Delivered()
    assert outcome_of(client, replace(ANNA, version=8, payload=None)) == Delivered()
    assert receiver.said() == [
        {"gone": False, "patron": "10000001", "target": "hook", "version": 7},
        {"gone": True, "patron": "10000001", "target": "hook", "version": 8},
    ]


def test_the_guides_example_takes_what_the_library_signs_and_nothing_else() -> None:
    body, check = write_body(ANNA), the_guides_check()
    header, keys = sign_body(body, at=1_000_000, keys={"key-1": KEY.encode()}), {"key-1": KEY.encode()}
    assert check(header, body, keys, 1_000_000 + 299)
    assert check(header, body, {"key-2": b"x" * 32, **keys}, 1_000_000)
    for wrong in (
        (header, body + b" ", keys, 1_000_000),
        (header, body, {"key-1": b"x" * 32}, 1_000_000),
        (header, body, {}, 1_000_000),
        (header, body, keys, 1_000_000 + 301),
        (header.replace("t=1000000", "t=1000001"), body, keys, 1_000_000),
        ("t=1000000", body, keys, 1_000_000),
        ("", body, keys, 1_000_000),
    ):
        assert not check(*wrong)


def test_keys_are_changed_without_a_moment_in_which_nothing_is_taken(
    make_hook: Make, receiver: Receiver, tmp_path: Path
) -> None:
    old, new = (new_key(tmp_path, name, name * 8) for name in ("key-1", "key-2"))
    receiver.keys = {"key-1": ("key-1" * 8).encode()}
    assert outcome_of(make_hook(keys=(new, old))) == Delivered()
    receiver.keys = {"key-2": ("key-2" * 8).encode()}
    assert outcome_of(make_hook(keys=(new, old))) == Delivered()
    assert outcome_of(make_hook(keys=(new,))) == Delivered()
    assert isinstance(outcome_of(make_hook(keys=(old,))), TargetRefused)
    assert len(receiver.got) == 3


def test_a_delivery_keeps_its_id_over_its_tries_and_gets_another_when_it_is_queued_again(
    make_hook: Make, receiver: Receiver
) -> None:
    answers = iter([503, 503, 204, 204])
    receiver.answer = lambda _: next(answers)
    client = make_hook()
    assert outcome_of(client, replace(ANNA, queued="monday")) == Delivered()
    assert outcome_of(client, replace(ANNA, queued="tuesday")) == Delivered()
    first, second, third, again = (id_ for _, id_, _ in receiver.got)
    assert first == second == third == delivery_id("710100", replace(ANNA, queued="monday"))
    assert again != first


@pytest.mark.parametrize("name", ["t", "key 1", "æble"])
def test_a_key_that_cannot_be_named_in_the_header_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="letters, digits"):
        read_keys([new_key(tmp_path, name)])


def test_a_key_is_long_enough_private_and_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="at least 32"):
        read_keys([new_key(tmp_path, "short", "secret")])
    seen = new_key(tmp_path, "seen")
    seen.chmod(0o644)
    with pytest.raises(ConfigurationError) as refused:
        read_keys([seen])
    assert refused.value.kind == "file.private"
    with pytest.raises(ConfigurationError):
        read_keys([tmp_path / "none.key"])


# -- what each answer leads to -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_final_refusal_is_left_to_staff_and_tried_once(make_hook: Make, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda _: status
    assert outcome_of(make_hook()) == Undelivered(f"http_{status}", final=True)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(408, "http_408"), (500, "http_500"), (429, "no_answer"), (0, "no_answer")]
)
def test_a_failure_is_tried_again_three_times_and_then_waits(
    make_hook: Make, receiver: Receiver, status: int, code: str
) -> None:
    receiver.answer = lambda _: status
    assert outcome_of(make_hook()) == Undelivered(code)
    assert len(receiver.got) == 3


@pytest.mark.parametrize("status", [401, 403, 301, 302, 307, 308])
def test_a_receiver_that_does_not_accept_us_is_asked_once_for_all(
    make_hook: Make, receiver: Receiver, status: int
) -> None:
    receiver.answer, receiver.location = (lambda _: status), f"{receiver.url}/elsewhere"
    told = list(make_hook(workers=1).send_many(queues(30)))
    assert {type(outcome) for _, outcome in told} == {TargetRefused}
    assert len(receiver.got) <= 2


@pytest.mark.parametrize("workers", [1, 4])
def test_a_wrong_address_stops_all_after_twenty_refusals_and_leaves_no_patron_to_staff(
    make_hook: Make, receiver: Receiver, workers: int
) -> None:
    """Once the address is right they are all told: nobody has to settle twenty questions about it."""
    receiver.answer = lambda _: 404
    client = make_hook(workers=workers)
    told = list(client.send_many(queues(60)))
    assert {type(outcome) for _, outcome in told} == {TargetRefused}
    assert 20 <= len(receiver.got) <= 22 + workers
    receiver.begin_anew()
    assert [outcome for _, outcome in client.send_many(queues(60))] == [Delivered()] * 60


@pytest.mark.parametrize("last", [204, 500])
def test_refusals_before_another_answer_are_left_to_staff(make_hook: Make, receiver: Receiver, last: int) -> None:
    receiver.answer = lambda one: last if one["version"] // 100 in {19, 39} else 404
    told = list(make_hook(workers=1).send_many(queues(45)))
    final = [outcome for _, outcome in told if outcome == Undelivered("http_404", final=True)]
    assert (len(final), len(told)) == (43, 45)


def test_a_receiver_that_is_down_is_not_asked_about_each_patron(make_hook: Make, receiver: Receiver) -> None:
    told = list(make_hook(url=receiver.url.replace(str(receiver.port), "1"), workers=1).send_many(queues(50)))
    assert {type(outcome) for _, outcome in told} == {TargetUnavailable}
    assert len(told) <= 3


def test_a_receiver_whose_certificate_no_issuer_of_ours_has_signed_is_told_nothing(
    make_hook: Make, receiver: Receiver, tmp_path: Path
) -> None:
    develop_certificates(tmp_path / "others", now=datetime.now(UTC), profile=SMALL)
    told = list(make_hook(ca=tmp_path / "others" / "ca.pem", workers=1).send_many(queues(30)))
    assert {type(outcome) for _, outcome in told} == {TargetUntrusted}
    assert receiver.got == []


def test_nobody_waits_for_the_rest_of_an_answer_whose_status_is_known(make_hook: Make, receiver: Receiver) -> None:
    """Each delivery took the ten seconds of an answer: a night with thousands of them took hours."""
    receiver.answer, receiver.owes = (lambda _: 200), 10
    client, begun = make_hook(answer=replace(QUICK, seconds=10)), time.monotonic()
    assert outcome_of(client) == Delivered()
    assert time.monotonic() - begun < 5


def test_a_huge_or_slow_answer_changes_nothing_once_the_status_is_there(make_hook: Make, receiver: Receiver) -> None:
    receiver.answer, receiver.says = (lambda _: 200), b"x" * 1_000_000
    assert outcome_of(make_hook()) == Delivered()
    assert len(receiver.got) == 1


# -- order -------------------------------------------------------------------------------------------------


def test_one_patrons_versions_come_in_order_and_each_once_while_answers_are_lost(
    make_hook: Make, receiver: Receiver
) -> None:
    seeded = random.Random(7)  # noqa: S311 -- decides which answers are lost, and is no secret
    receiver.answer = lambda _: 0 if seeded.random() < 0.1 else 204
    left = queues(40, each=3)
    client, sent = make_hook(), 0
    while any(left):
        done = {
            id(effect) for effect, outcome in client.send_many([one for one in left if one]) if outcome == Delivered()
        }
        sent += len(done)
        left = [[effect for effect in queue if id(effect) not in done] for queue in left]
    assert sent == 120
    assert len(receiver.versions()) == 120
    ids = {id_: document for document, id_, _ in receiver.got}
    assert len(ids) == 120, "a lost answer has the id of its first delivery"
    for queue in queues(40, each=3):
        seen = [one["version"] for one in receiver.said() if one["patron"] == queue[0].patron_id]
        assert seen == sorted(seen)


def test_a_patron_who_is_refused_stops_only_their_own_queue(make_hook: Make, receiver: Receiver) -> None:
    receiver.answer = lambda one: 410 if one["version"] // 100 == 2 else 204
    told = list(make_hook().send_many(queues(4, each=3)))
    refused = [effect.version for effect, outcome in told if isinstance(outcome, Undelivered)]
    # the last one alone counts: it sets the state that the receiver is to have
    assert refused == [202]
    assert sorted(effect.version for effect, outcome in told if outcome == Delivered()) == [
        *(0, 1, 2),
        *(100, 101, 102),
        *(300, 301, 302),
    ]


def test_the_log_has_no_patron_and_no_key(make_hook: Make, receiver: Receiver) -> None:
    lines: list[str] = []

    class Log:
        def debug(self, event: str, **values: Any) -> None:
            lines.append(json.dumps([event, values]))

        warning = info = debug

    receiver.answer = lambda _: 400
    outcome_of(make_hook(log=Log()))
    assert lines
    assert "10000001" not in "".join(lines)
    assert KEY not in "".join(lines)
