"""People at the desk of a sweep: each does a bit of everything, and keeps what the desk said was done."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from browser import Browser

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping

PASSWORD = "correct horse battery"
#: Below the cap of an hour, so that nobody is refused.
LOOK_UPS_MOST = 20
#: How much longer they work at most on a machine so slow that the desk has kept nothing of theirs.
SLOW_SECONDS_MOST = 60
_BIRTH, _ADDRESS = "1980-04-10", "Prøvevej 1 | 8000 Aarhus C"


@dataclass(frozen=True)
class Counter:
    """The desk of a sweep, as its people find it."""

    url: str
    #: the authority of its certificate
    ca: str
    #: patrons whom everybody works with at once: the patron number by card
    patrons: Mapping[str, str]
    #: telephone numbers that nobody else types
    numbers: Iterator[str]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def draw(self) -> str:
        with self.lock:
            return next(self.numbers)

    def browser(self) -> Browser:
        browser = Browser(self.url)
        browser.jar.trust_env, browser.jar.verify = False, self.ca
        return browser


@dataclass
class Kept:
    """What the desk said it had done."""

    #: telephone numbers by patron: those that are there, and those that were taken away
    kept: set[tuple[str, str]] = field(default_factory=set)
    gone: set[tuple[str, str]] = field(default_factory=set)
    #: patrons who were registered: the patron number by card
    registered: dict[str, str] = field(default_factory=dict)
    #: whether a review waits, by its number
    waits: dict[int, bool] = field(default_factory=dict)
    writes: int = 0


@dataclass
class Clerk:
    """One person at the desk."""

    name: str
    counter: Counter
    chance: random.Random
    pause: float
    #: a review that nobody else answers; None: they answer none
    review: int | None = None
    told: Kept = field(default_factory=Kept)
    #: how long each request took, by what was done
    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    look_ups: int = 0
    #: the worker that has the session
    owner: str = ""

    def work(self, until: float, over: threading.Event) -> None:
        """Sign in, and work until then, until it is over, and until the desk has kept something of theirs."""
        browser = self.counter.browser()
        signs_in = lambda: browser.open("/sign-in").send("/sign-in", name=self.name, password=PASSWORD)  # noqa: E731 -- one step
        if not self._did("sign-in", browser, signs_in):
            return
        self.owner = next(iter(browser.jar.cookies)).value.partition(".")[0]
        while self._goes_on(until, over):
            self._do_something(browser)
            time.sleep(self.pause * self.chance.uniform(0.5, 1.5))

    def _goes_on(self, until: float, over: threading.Event) -> bool:
        now = time.monotonic()
        return now < until or not over.is_set() or (not self.told.writes and now < until + SLOW_SECONDS_MOST)

    def _do_something(self, browser: Browser) -> None:
        doings: list[Callable[[Browser], None]] = [self._find, self._look, self._look_up, self._register, self._change]
        weights = [25, 20, 8, 10, 25]
        if self.review is not None:
            doings.append(self._answer)
            weights.append(30)
        self.chance.choices(doings, weights)[0](browser)

    def _find(self, browser: Browser) -> None:
        """Find a patron by card, or somebody who is none."""
        card = self.chance.choice([*self.counter.patrons, "KUKENDT"])
        if self._did("start", browser, lambda: browser.open("/")):
            is_patron = card in self.counter.patrons
            self._did("find", browser, lambda: browser.send("/find", typed=card), status=200 if is_patron else 404)

    def _look(self, browser: Browser) -> None:
        """Look at something: a record, what changed on it, what waits."""
        path = self.chance.choice([f"/patrons/{self._patron()}", f"/patrons/{self._patron()}/changes", "/reviews"])
        self._did("look", browser, lambda: browser.open(path))

    def _look_up(self, browser: Browser) -> None:
        """Ask the register about a patron."""
        patron = self._patron()
        if self.look_ups < LOOK_UPS_MOST and self._did("record", browser, lambda: browser.open(f"/patrons/{patron}")):
            self.look_ups += 1
            path = f"/patrons/{patron}/look-up"
            self._did("look-up", browser, lambda: browser.send(path, purpose="renewal"))

    def _register(self, browser: Browser) -> None:
        """Register somebody without a CPR number: shown first, then one yes."""
        card = f"N{self.counter.draw()}"
        typed = {"name": f"Prøve {self.name}", "birth_date": _BIRTH, "address": _ADDRESS, "cards": card}
        if not self._did("form", browser, lambda: browser.open("/register")):
            return
        if not self._did("preview", browser, lambda: browser.send("/register/check", **typed)):
            return
        if self._did("register", browser, lambda: browser.send("/register/confirm")):
            self.told.registered[card] = browser.path.removeprefix("/patrons/")
            self.told.writes += 1

    def _change(self, browser: Browser) -> None:
        """Add a number of one's own, or take one of one's own away."""
        # a record has room for ten numbers: nobody has more than one at a time
        mine = next(iter(self.told.kept), None)
        patron, number = mine or (self._patron(), self.counter.draw())
        if not self._did("record", browser, lambda: browser.open(f"/patrons/{patron}")):
            return
        doing = "add" if mine is None else "remove"
        form = {"form_token": browser.token, "field": "telephones", "text": number, "doing": doing}
        if self._did(doing, browser, lambda: browser.post(f"/patrons/{patron}/set", form)):
            (self.told.kept.add if mine is None else self.told.kept.discard)((patron, number))
            (self.told.gone.discard if mine is None else self.told.gone.add)((patron, number))
            self.told.writes += 1

    def _answer(self, browser: Browser) -> None:
        """Reject one's own review, or let it wait again."""
        number, waits = self.review or 0, self.told.waits.get(self.review or 0, True)
        answer = "reject" if waits else "reopen"
        path = f"/reviews/{number}"
        if not self._did("review", browser, lambda: browser.open(path)):
            return
        form = {"form_token": browser.token, "answer": answer, "reason": "Prøve"}
        if self._did(answer, browser, lambda: browser.post(f"{path}/answer", form)):
            self.told.waits[number] = not waits
            self.told.writes += 1

    def _patron(self) -> str:
        return self.counter.patrons[self.chance.choice(list(self.counter.patrons))]

    def _did(self, what: str, browser: Browser, doing: Callable[[], object], *, status: int = 200) -> bool:
        """Whether the desk did it. Every other answer is an error of the desk."""
        begun = time.monotonic()
        try:
            doing()
        except Exception as error:  # noqa: BLE001 -- each is an error of the desk
            self.errors.append(f"{what}: {type(error).__name__}")
            return False
        self.seconds.setdefault(what, []).append(time.monotonic() - begun)
        if browser.answer.status_code != status:
            told = browser.text.partition("Det gik ikke")[2][:80]
            self.errors.append(f"{what}: {browser.answer.status_code}{told}")
        elif browser.path == "/sign-in":
            self.errors.append(f"{what}: signed out")
        else:
            return True
        return False
