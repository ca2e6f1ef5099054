"""Who answers for the data: what only the library knows of itself, and the privacy page has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What each is called where it is missing; in the order in which it is asked for.
ASKED: Final[Mapping[str, Wording]] = {
    "name": Wording("bibliotekets navn", "the library's name"),
    "contact": Wording("adresse, telefon og e-mail", "address, telephone and e-mail"),
    "officer": Wording("databeskyttelsesrådgiver", "data protection officer"),
    "stored": Wording(
        "hvor databasen og kopier af den står, hvem der driver dem, og hvordan forbindelsen dertil er krypteret",
        "where the database and its copies are kept, who runs them, and how the connection to them is encrypted",
    ),
}


@dataclass(frozen=True, slots=True, repr=False)
class Controller:
    """The data controller (dataansvarlig), as the library types it; a text that is empty has not been given."""

    name: str = ""
    #: address, telephone, e-mail
    contact: str = ""
    #: databeskyttelsesrådgiver, and how to reach her
    officer: str = ""
    #: where the database and its copies are kept, by whom, and how the line there is encrypted: no program can know
    stored: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """What a page cannot say, by the names of `policy.toml`."""
        return tuple(key for key in ASKED if not getattr(self, key))

    def told(self, key: str) -> Wording:
        """The library's own words, or in brackets what is to stand there."""
        text = getattr(self, key)
        return Wording(text, text) if text else Wording(f"[{ASKED[key].da}]", f"[{ASKED[key].en}]")
