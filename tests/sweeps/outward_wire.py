"""The real clients in a leak life: Koha over TLS, a folder of files, and a webhook, each under another rule by seed.

A `WireTarget` is a `TargetDouble` that also sends what it hears with the real client, and remembers every byte that
left it. What Koha holds and what the files say is read from outside.
"""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from doubles import AGENCY, TargetDouble
from outward_watch import TARGETS
from receiver import KEY, receiving
from town import PEOPLE_FILE

from cprsync.domain.outward.koha import KohaEnding, KohaRules
from cprsync.errors import CprsyncError
from cprsync.mock.koha import calls
from cprsync.mock.server import running
from cprsync.outward.file import FileClient
from cprsync.outward.koha import KohaClient
from cprsync.outward.settings import FileSettings, KohaSettings, WebhookSettings
from cprsync.outward.webhook import WebhookClient
from cprsync.services.ports.outward import Undelivered
from cprsync.wire.calls import CallSurroundings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from doubles import Library
    from outward_town import Home, Somebody
    from receiver import Receiver

    from cprsync.services.ports.outward import Delivered, OutwardEffect, TargetClient

KOHA, FILES, HOOK = "koha", "files", "webhook"
RULES: Final = KohaRules(
    library="HB",
    category="VOKSEN",
    endings={"dead": frozenset({KohaEnding.EXPIRE}), "disappeared": frozenset({KohaEnding.INCORRECT_ADDRESS})},
    creates=True,
)


class WireTarget(TargetDouble):
    """A double with a real client behind it, and every byte that the client let out, by patron."""

    def __init__(self, kind: str, client: TargetClient) -> None:
        super().__init__()
        self.kind, self.client = kind, client
        self.wire: list[tuple[str, str]] = []
        #: addresses of requests
        self.urls: list[str] = []
        self._about = ""

    def listen(self, channel: Any) -> None:
        """Remember each request of a client that calls."""
        send = channel.send

        def sending(method: str, url: str, body: bytes, headers: Any) -> Any:
            self.urls.append(url)
            if "/oauth/" not in url:
                self.wire.append((self._about, f"{_without_notes(body)} {dict(headers)}"))
            return send(method, url, body, headers)

        channel.send = sending

    def send_many(
        self, queues: Iterable[Sequence[OutwardEffect]]
    ) -> Iterator[tuple[OutwardEffect, Delivered | Undelivered | CprsyncError]]:
        if self.kind == FILES and self.down is None:
            for effect, outcome in self.client.send_many(queues):
                yield effect, self._hear(effect, outcome)
            return
        for queue in queues:
            for effect in queue:
                if self.down is not None:
                    yield effect, self.down
                    return
                self._about = effect.patron_id
                ((_, outcome),) = self.client.send_many([(effect,)])
                outcome = self._hear(effect, outcome)
                if isinstance(outcome, Undelivered) and outcome.final and effect is not queue[-1]:
                    continue
                yield effect, outcome
                if isinstance(outcome, Undelivered):
                    break

    def _hear(self, effect: OutwardEffect, outcome: Any) -> Any:
        """Note what the target was told, and lose some of its answers."""
        assert not isinstance(outcome, CprsyncError), f"{self.kind} has failed: {outcome}"
        self.calls.append(effect)
        if effect.payload is None:
            self.holds.pop(effect.patron_id, None)
        else:
            self.holds[effect.patron_id] = effect.payload
        return Undelivered("no_answer") if self.is_lost() else outcome


@dataclass
class Wires:
    """A Koha, a receiver of webhooks and a folder, for one life after the other."""

    ready: dict[str, Any]
    receiver: Receiver
    folder: Path
    seed: int = 0
    #: where staff had written that people live
    written: dict[str, Home] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)

    def kind_of(self, name: str) -> str:
        """Which client stands behind the target of a rule: another one by each seed."""
        place = [one.name for one in TARGETS].index(name)
        return (KOHA, FILES, HOOK)[(place + self.seed) % 3]

    def begin(self, library: Library, people: Sequence[Somebody], *, seed: int) -> None:
        """Let a library have these clients. Koha knows some people from before, with their homes in its notes too."""
        self.stack.close()
        self.seed, self.written = seed, {one.key: one.home for one in people}
        for one in calls.show(self.ready)["patrons"]:
            calls.edit(self.ready, patron=one["patron_id"], deletes=True)
        calls.seed(self.ready, patrons=[_as_staff_wrote(one) for one in people])
        self.receiver.begin_anew()
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        for target in TARGETS:
            library.clients[target.name] = lambda library, name=target.name: self._open(library, name)  # type: ignore[misc]  # mypy takes the default for a parameter

    def _open(self, library: Library, name: str) -> WireTarget:
        kind, around = self.kind_of(name), CallSurroundings(sleep=lambda _: None, log=None)
        (target,) = [one for one in TARGETS if one.name == name]
        if kind == FILES:
            settings = FileSettings(target=target, folder=self.folder / "out")
            return WireTarget(kind, FileClient(settings, now=library.clock.now))
        ca = Path(self.ready["ca"])
        if kind == HOOK:
            hook = WebhookClient(
                WebhookSettings(
                    url=self.receiver.url, agency=AGENCY, ca=ca, keys=(self.folder / "key-1.key",), workers=1
                ),
                surroundings=around,
            )
            return self._listened(WireTarget(kind, hook), hook._calls.channel)
        said = self.ready["koha"]
        koha = KohaClient(
            KohaSettings(
                url=said["url"],
                ca=ca,
                client=said["client_id"],
                secret_file=Path(said["secret_file"]),
                rules=RULES,
                workers=1,
            ),
            today=library.clock.today,
            surroundings=around,
        )
        return self._listened(WireTarget(kind, koha), koha._koha._calls.channel)

    def _listened(self, wire: WireTarget, channel: Any) -> WireTarget:
        self.stack.callback(wire.client.close)  # type: ignore[attr-defined]  # only these two have connections
        wire.listen(channel)
        return wire

    # -- what is there, seen from outside

    def in_koha(self) -> dict[str, dict[str, Any]]:
        """The patrons in Koha, by their number."""
        found = {}
        for one in calls.show(self.ready)["patrons"]:
            numbers = [pair["value"] for pair in one["extended_attributes"] if pair["type"] == RULES.number]
            found[numbers[0] if numbers else ""] = one
        return found

    def in_files(self) -> list[tuple[str, Path, str]]:
        """Every file of the folder, hidden ones too: the patron of each line, or none."""
        found = []
        for path in sorted((self.folder / "out").glob("*")) + sorted((self.folder / "out").glob(".*")):
            for line in path.read_text(encoding="utf-8").splitlines():
                is_told = path.suffix == ".ndjson" and not path.name.startswith(".")
                found.append((json.loads(line)["patron"] if is_told else "", path, line))
        return found


def _without_notes(body: bytes) -> str:
    """A body without the notes of Koha's staff, which go back as they were read: what they say is looked at there."""
    document = json.loads(body) if body else {}
    document.pop("staff_notes", None)
    return json.dumps(document)


def _as_staff_wrote(one: Somebody) -> dict[str, Any]:
    home, (first, last) = one.home, one.names[-1].split(" ")
    return {
        "surname": last,
        "firstname": first,
        "date_of_birth": one.born.isoformat(),
        "address": f"{home.word('r')} {1 + home.n % 900}",
        "address2": home.word("l"),
        "postal_code": "8000",
        "city": home.word("d"),
        "staff_notes": f"Bor i {home.word('r')} hos sin tante\nLåner mest krimier",
        "library_id": RULES.library,
        "category_id": RULES.category,
        "extended_attributes": [{"type": RULES.number, "value": one.number.digits}],
    }


@contextmanager
def wired(keys: Path | None, folder: Path) -> Iterator[Wires]:
    """A mock's Koha, a receiver and a folder, while the block lasts. `keys`: the folder of a mock to take keys from."""
    if keys is None:
        (folder / "mock").mkdir(parents=True)
    else:
        shutil.copytree(keys, folder / "mock")
    (folder / "key-1.key").touch(mode=0o600)
    (folder / "key-1.key").write_text(KEY, encoding="ascii")
    with (
        running(folder / "mock", PEOPLE_FILE, with_koha=True) as ready,
        receiving(Path(ready["ca"]).parent) as receiver,
    ):
        wires = Wires(ready, receiver, folder)
        try:
            yield wires
        finally:
            wires.stack.close()
