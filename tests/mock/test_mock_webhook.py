"""The mock's receiver of webhooks: what our own client posts and it believes, what it does not, and its faults."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cprsync.errors import AlarmUndelivered, BadInput, CprsyncError
from cprsync.mock import control
from cprsync.mock.town.faults import WEBHOOK_KINDS
from cprsync.outward.alarms import HookChannel, PostSettings
from cprsync.outward.settings import WebhookSettings
from cprsync.outward.webhook import DELIVERY, SIGNATURE, WebhookClient, sign_body
from cprsync.services.ports.outward import Delivered, OutwardEffect, Undelivered
from cprsync.wire.calls import CallSurroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Start = Callable[..., AbstractContextManager[dict[str, Any]]]

pytestmark = pytest.mark.xdist_group("mock")
ANNA = OutwardEffect("hook", "48261905", 7, {"protected": False}, queued="monday")
#: What the client makes of each fault: tried again and taken, left to staff, or the whole receiver refuses us.
OUTCOMES: dict[str, Any] = {
    "hook-lost": Delivered,
    "hook-slow": Delivered,
    "hook-500": Delivered,
    "hook-busy": Delivered,
    "hook-maintenance": Delivered,
    "hook-down": Delivered,
    "hook-refuse": Undelivered,
    "hook-gone": Undelivered,
    "hook-forbidden": CprsyncError,
    "hook-moved": CprsyncError,
}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, begin: Start) -> Iterator[dict[str, Any]]:
    with begin(tmp_path_factory.mktemp("hook"), with_webhook=True) as ready:
        yield ready


def post(there: dict[str, Any], effect: OutwardEffect = ANNA, *, key: str = "") -> Any:
    """What becomes of one delivery of our own client, which does not wait between its tries."""
    hook = there["webhook"]
    settings = WebhookSettings(
        agency="775100",
        production=False,
        url=hook["url"],
        ca=Path(there["ca"]),
        crl=(),
        keys=(Path(key or hook["key_file"]),),
        workers=1,
        per_second=1000,
    )
    around = CallSurroundings(now=lambda: datetime.now(UTC), sleep=lambda _: None)
    with closing(WebhookClient(settings, surroundings=around)) as client:
        ((_, outcome),) = client.send_many([(effect,)])
    return outcome


def raw(there: dict[str, Any], body: bytes, at: int = 0, **headers: str) -> int:
    """Post a body that is signed rightly, but for what is given."""
    path = Path(there["webhook"]["key_file"])
    key = {path.stem: path.read_bytes().strip()}
    signed = sign_body(body, at=int(datetime.now(UTC).timestamp()) + at, keys=key)
    sent = {SIGNATURE: signed, DELIVERY: "1", **headers}
    return requests.post(there["webhook"]["url"], data=body, headers=sent, verify=there["ca"], timeout=10).status_code


def test_a_post_of_our_own_client_is_listed_with_what_it_said(there: dict[str, Any]) -> None:
    before = control.webhook(there)
    assert post(there) == Delivered()
    assert post(there, OutwardEffect("hook", "48261905", 8, None)) == Delivered()
    after = control.webhook(there)
    told = after["received"][len(before["received"]) :]
    assert [(one["target"], one["patron"], one["version"], one["gone"]) for one in told] == [
        ("hook", "48261905", 7, False),
        ("hook", "48261905", 8, True),
    ]
    assert {tuple(one["keys"]) for one in told} == {("hook-1",)}
    assert after["posts"] == before["posts"] + 2


@pytest.mark.parametrize("kind", sorted(WEBHOOK_KINDS))
def test_a_fault_meets_the_next_post_and_the_one_after_it_is_taken(there: dict[str, Any], kind: str) -> None:
    control.fault(there, kind, seconds=0.01)
    assert isinstance(post(there, OutwardEffect("hook", "1", 1, None, queued=kind)), OUTCOMES[kind])
    assert post(there, OutwardEffect("hook", "1", 2, None, queued=kind)) == Delivered()
    if kind == "hook-lost":
        lost, again = control.webhook(there)["received"][-3:-1]
        assert (lost["delivery"], lost["repeated"], again["repeated"]) == (again["delivery"], False, True)


def test_an_alarm_is_signed_rightly_and_counted_as_not_understood(there: dict[str, Any]) -> None:
    """So mock.md says: an alarm has another body than a target's post."""
    before, hook = control.webhook(there), there["webhook"]
    settings = PostSettings(url=hook["url"], ca=Path(there["ca"]), keys=(Path(hook["key_file"]),))
    channel = HookChannel(settings, "775100", "Byens bibliotek", "da", CallSurroundings(now=lambda: datetime.now(UTC)))
    with pytest.raises(AlarmUndelivered, match="HTTP 400"):
        channel.send([])
    after = control.webhook(there)
    assert after["received"] == before["received"]
    assert (after["unproved"], after["unread"]) == (before["unproved"], before["unread"] + 1)


def test_what_is_not_proved_or_not_understood_is_counted_and_not_kept(there: dict[str, Any], tmp_path: Path) -> None:
    before = control.webhook(there)
    other = tmp_path / "hook-1.key"
    other.touch(mode=0o600)
    other.write_text("0123456789abcdef0123456789abcdef", "ascii")
    assert isinstance(post(there, key=str(other)), CprsyncError)
    good = b'{"gone":false,"patron":"1","target":"hook","version":1}'
    assert raw(there, good, at=-400) == 401
    assert raw(there, good, **{SIGNATURE: "t=²,hook-1=0"}) == 401
    assert raw(there, good, **{SIGNATURE: ""}) == 401
    for body in (b"", b"[]", b'{"patron":"1"}', good.replace(b"1}", b"true}"), good.replace(b"{", b'{"name":"x",', 1)):
        assert raw(there, body) == 400
    after = control.webhook(there)
    assert after["received"] == before["received"]
    assert (after["unproved"], after["unread"]) == (before["unproved"] + 4, before["unread"] + 5)


def test_another_key_in_the_folder_counts_at_once(there: dict[str, Any]) -> None:
    new = Path(there["webhook"]["key_file"]).with_name("hook-2.key")
    new.touch(mode=0o600)
    new.write_text("fedcba9876543210fedcba9876543210\n", "ascii")
    assert post(there, key=str(new)) == Delivered()
    assert control.webhook(there)["received"][-1]["keys"] == ["hook-2"]
    new.unlink()
    assert control.webhook(there)["keys"] == ["hook-1"]


def test_it_is_at_one_address_and_only_posted_to(there: dict[str, Any]) -> None:
    url = there["webhook"]["url"]
    assert requests.get(url, verify=there["ca"], timeout=10).status_code == 405
    assert requests.post(f"{url}/elsewhere", verify=there["ca"], timeout=10).status_code == 404


def test_a_folder_keeps_its_key_and_its_port(start: Start) -> None:
    with start(with_webhook=True) as ready:
        first, key = ready["webhook"], Path(ready["webhook"]["key_file"]).read_bytes()
    with start(with_webhook=True) as again:
        assert again["webhook"] == first
        assert Path(first["key_file"]).read_bytes() == key
        assert Path(first["key_file"]).stat().st_mode & 0o077 == 0
        assert control.webhook(again)["received"] == []


def test_a_mock_without_a_receiver_says_how_to_serve_one(still: dict[str, Any]) -> None:
    assert still["webhook"] is None
    with pytest.raises(BadInput, match="--webhook"):
        control.webhook(still)
