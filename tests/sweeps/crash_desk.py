"""The desk as it is served, killed with all its workers while somebody works at it over HTTPS.

They have things to do: numbers to add, patrons to register. What the desk has said is done, they do not do again; where
it died under their hands, they look once it is open again whether it is there, as a person does, and else do it anew.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import requests
from browser import Browser
from crash_life import grouped
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from desk_clerks import PASSWORD

from cprsync.domain.desk.roles import Role
from cprsync.web.accounts import AccountEntry, write_accounts

if TYPE_CHECKING:
    import random

    from crash_life import CrashLife, Told
    from gates import Child

USER: Final = "lisbeth"
#: A desk opens, and closes, within this: each worker is a fresh process, and has little time beside other sweeps.
OPENS_SECONDS: Final = 300
#: Numbers to add, by patron, and cards of people to register.
NUMBERS: Final = tuple((key, f"7012{place:04}") for place, key in enumerate(("BO", "RIKKE", "CLARA") * 2))
CARDS: Final = ("N700", "N701", "N702")


def set_up_desk(folder: Path, mock: Path, agency: str) -> None:
    """Make an account that costs little to check, and let [desk] say so."""
    cheap = Argon2id(salt=bytes(16), length=32, iterations=1, lanes=1, memory_cost=8)
    kept = cheap.derive_phc_encoded(PASSWORD.encode())
    roles = frozenset({Role.DESK, Role.SUPERVISOR})
    entry = AccountEntry(name=USER, password=kept, roles=roles, libraries=frozenset({agency}))
    write_accounts(folder / "accounts.toml", [entry])
    certs = mock / "certs"
    said = f'[desk]\naccounts = "accounts.toml"\ncertificate = "{certs}/server.pem"\nkey = "{certs}/server.key"\n'
    path = folder / "cprsync.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[desk]\n", said, 1), encoding="utf-8")


@dataclass
class KilledDesk:
    """One desk at one address, opened again after each kill."""

    life: CrashLife
    port: int = 0
    #: what the desk has said is done
    done: set[str] = field(default_factory=set)
    child: Child | None = None

    def work(self, moments: list[tuple[float, bool]], told: Told) -> None:
        """Do all that is to be done, with a kill at each of these seconds after the desk has opened.

        The whole desk is killed, or one of its workers alone: then the desk stays open and begins another.
        """
        # below those that the system gives to connections, so that nobody takes it while the desk is dead
        self.port = 20_000 + os.getpid() % 10_000
        begun, killed_at = time.monotonic(), 0.0
        for moment, alone in [*moments, (0.0, False)]:
            self._open()
            if killed_at:
                told.recovery.append(time.monotonic() - killed_at)
            killer = self._killer(moment, alone=alone) if moment else 0
            # a session goes with its worker: the page then has another form, and the next round signs in again
            with suppress(requests.RequestException, StopIteration):
                self._do_all()
            if killer:
                os.waitpid(killer, 0)
                killed_at = time.monotonic()
                told.kills["worker" if alone else "desk"] += 1
            if killer and not alone:
                self._end(signal.SIGKILL)
                self.child = None
        self._end(signal.SIGTERM)
        if missing := self._wanted() - self.done:
            told.hands.append(f"desk: not done: {sorted(missing)}")
        self.life.seconds.setdefault("desk", time.monotonic() - begun)

    # -- the processes

    def _open(self) -> None:
        command = ["serve", "--port", str(self.port), "--workers", "2"]
        if self.child is not None:
            assert not select.select([self.child.fd], [], [], 0)[0], "the desk ended with one of its workers"
        configured = [*command, "--config", str(self.life.night.library / "cprsync.toml"), "--json"]
        environment, out = self.life.night.database.environment(), self.life.night.folder / "desk.out"
        if self.child is None:
            out.write_text("", encoding="utf-8")
            self.child = grouped(configured, environment, out)
        until = time.monotonic() + OPENS_SECONDS
        while time.monotonic() < until:
            if select.select([self.child.fd], [], [], 0)[0]:
                # as its unit does: whoever had the port a moment ago may still have it
                self.child.wait()
                self.child = grouped(configured, environment, out)
            # it says where it is once all its workers answer
            if f":{self.port}" in out.read_text(encoding="utf-8"):
                with suppress(requests.RequestException):
                    self._browser().open("/sign-in")
                    return
            time.sleep(0.1)
        raise TimeoutError(f"the desk does not open: {self.child.out.read_text(encoding='utf-8')}")

    def _killer(self, seconds: float, *, alone: bool) -> int:
        """A process that kills the desk's group, or a worker, after so long: this one is at work at the desk."""
        assert self.child is not None
        pid = os.fork()
        if not pid:
            time.sleep(seconds)
            with suppress(ProcessLookupError, OSError, IndexError):
                if alone:
                    os.kill(_workers(self.child.pid)[0], signal.SIGKILL)
                else:
                    os.killpg(self.child.pid, signal.SIGKILL)
            os._exit(0)
        return pid

    def _end(self, number: signal.Signals) -> None:
        assert self.child is not None
        with suppress(ProcessLookupError):
            os.killpg(self.child.pid, number)
        select.select([self.child.fd], [], [], OPENS_SECONDS)
        self.child.wait()

    # -- the work

    def _browser(self) -> Browser:
        browser = Browser(f"https://localhost:{self.port}")
        browser.jar.trust_env, browser.jar.verify = False, str(self.life.night.mock / "certs" / "ca.pem")
        return browser

    def _wanted(self) -> set[str]:
        return {number for _, number in NUMBERS} | set(CARDS)

    def _do_all(self) -> None:
        browser = self._browser().open("/sign-in").send("/sign-in", name=USER, password=PASSWORD)
        for key, number in NUMBERS:
            if number not in self.done:
                self._add(browser, f"/patrons/{self.life.patron(key)}", number)
        for card in CARDS:
            if card not in self.done:
                self._register(browser, card)

    def _add(self, browser: Browser, path: str, number: str) -> None:
        shown = browser.open(path).text.replace(" ", "")
        if number not in shown:
            form = {"form_token": browser.token, "field": "telephones", "text": number, "doing": "add"}
            if browser.post(f"{path}/set", form).answer.status_code != requests.codes.ok:
                return
        self.done.add(number)

    def _register(self, browser: Browser, card: str) -> None:
        found = browser.open("/").send("/find", typed=card).answer.status_code
        if found != requests.codes.ok:
            typed = {"name": f"Prøve {card}", "birth_date": "1980-04-10", "address": "Prøvevej 1 | 8000 Aarhus C"}
            browser.open("/register").send("/register/check", **typed, cards=card).send("/register/confirm")
            if not browser.path.startswith("/patrons/"):
                return
        self.done.add(card)


def _workers(pid: int) -> list[int]:
    """The children of the desk's process, the oldest first."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def moments_of(life: CrashLife, chance: random.Random, kills: int) -> list[tuple[float, bool]]:
    """When the desk is killed, each in seconds after it has opened, and whether a worker alone is."""
    times = chance.randint(1, kills)
    return [(max(0.01, chance.random() * life.seconds["desk"]), chance.random() < 0.5) for _ in range(times)]
