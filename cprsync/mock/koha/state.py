"""A library's Koha as a whole: its patrons, its setup, who may come in, and what is to go wrong.

Every change of a patron is a line of the journal when a method returns. The rest is one document in a folder of its
own. Runs in one thread, like the whole mock.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import ConfigurationError
from cprsync.mock.koha.access import KohaAccess
from cprsync.mock.koha.holdings import Holdings
from cprsync.mock.koha.others import Script, StaffEdit, make_edit, run_age_job
from cprsync.mock.koha.patrons import KohaPatron, KohaPatrons
from cprsync.mock.koha.setup import KohaSetup, parse_setup
from cprsync.mock.town.faults import KOHA_KINDS, FaultScript, TownFault
from cprsync.private import replace_private

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime
    from pathlib import Path

    from cprsync.mock.town.state import Memory

#: The folder in the mock's folder.
KOHA_FOLDER: Final = "koha"
_DOCUMENT: Final = "state.json"
#: Faults that can be seen only when something is written.
_OF_A_WRITE: Final = frozenset({"koha-lost", "koha-500"})
#: Faults that concern a call by somebody who is signed in, and not the request for a token.
_OF_A_CLIENT: Final = frozenset({"koha-expired", "koha-forbidden"})


@dataclass(kw_only=True)
class Koha(Holdings):
    """Everything that Koha knows."""

    folder: Path
    access: KohaAccess
    faults: FaultScript = field(default_factory=lambda: FaultScript([]))
    script: Script = field(default_factory=Script)
    #: whether Koha's own job moves patrons to the category of their age when a day begins
    has_age_job: bool = False
    #: how many seconds each answer takes
    latency: float = 0.0
    #: by method, path and status, how often it was answered since the start
    calls: Counter[str] = field(default_factory=Counter)

    # -- what happens beside the client ----------------------------------------------------------------

    def note_read(self, patrons: list[KohaPatron]) -> None:
        """The client has read these patrons: a member of staff may write now."""
        if self.script.waiting:
            self._carry_out(self.script.note_read({patron.patron_id for patron in patrons}))

    def note_write(self, patron_id: int) -> None:
        """The client is about to write: a member of staff may be quicker."""
        if self.script.waiting:
            self._carry_out(self.script.note_write(patron_id))

    def _carry_out(self, due: list[StaffEdit]) -> None:
        for edit in due:
            make_edit(self, edit)
        self.keep()

    def pass_day(self) -> None:
        """A new day has begun."""
        if self.has_age_job:
            run_age_job(self, self.day())

    def take_fault(self, *, is_write: bool, is_sign_in: bool) -> TownFault | None:
        """The fault for this call, if one is due."""
        left_out = (frozenset() if is_write else _OF_A_WRITE) | (_OF_A_CLIENT if is_sign_in else frozenset())
        fault = self.faults.take(frozenset(KOHA_KINDS) - left_out)
        if fault is not None:
            self.keep()
        return fault

    def add_fault(self, kind: str, *, times: int, seconds: float, share: float, seed: int) -> None:
        self.faults.add(kind, times=times, seconds=seconds, share=share, seed=seed)
        self.keep()

    def calm(self) -> None:
        """Cancel all faults and all edits that wait."""
        self.faults.clear()
        self.script.waiting.clear()
        self.keep()

    def begin_anew(self) -> None:
        """Have no patrons, and the setup of a new folder. Who may come in stays."""
        self.patrons, self.setup = self.patrons.begin_anew(), KohaSetup()
        self.has_age_job, self.latency = False, 0.0
        self.calls.clear()
        self.calm()

    # -- the document ----------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """Everything but the patrons and who may come in."""
        return {
            "setup": self.setup.document(),
            "age_job": self.has_age_job,
            "latency": self.latency,
            "faults": self.faults.dump(),
            "script": [edit.document() for edit in self.script.waiting],
        }

    def keep(self) -> None:
        """Write everything but the patrons to the folder."""
        text = json.dumps({**self.dump(), "access": self.access.dump()}, ensure_ascii=False)
        replace_private(self.folder / _DOCUMENT, text.encode())


def load_koha(folder: Path, memory: Memory, *, day: Callable[[], date], now: Callable[[], datetime]) -> Koha:
    """The Koha of a mock's folder, as it was when the mock stopped.

    Raises:
        ConfigurationError: kind `mock.state`; what was stored is damaged.
    """
    folder = folder / KOHA_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        return _load(folder, memory, day, now)
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise ConfigurationError("the mock's kept state is damaged: use a new folder", kind="mock.state") from error


def _load(folder: Path, memory: Memory, day: Callable[[], date], now: Callable[[], datetime]) -> Koha:
    patrons = KohaPatrons(memory)
    if not (folder / _DOCUMENT).exists():
        koha = Koha(folder=folder, patrons=patrons, access=KohaAccess(folder, now), day=day, now=now)
        koha.keep()
        return koha
    document = json.loads((folder / _DOCUMENT).read_text(encoding="utf-8"))
    return Koha(
        folder=folder,
        patrons=patrons,
        access=KohaAccess.parse(folder, now, document["access"]),
        day=day,
        now=now,
        setup=parse_setup(document["setup"]),
        faults=FaultScript.parse(document["faults"]),
        script=Script([StaffEdit(**edit) for edit in document["script"]]),
        has_age_job=bool(document["age_job"]),
        latency=float(document["latency"]),
    )
