"""The data controller: what only the library knows about itself, and the privacy page must say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The words for each missing text, in the order in which it is asked for.
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
    """The data controller (dataansvarlig), as the library types it. An empty text is not given yet."""

    name: str = ""
    #: address, telephone, e-mail
    contact: str = ""
    #: data protection officer (databeskyttelsesrådgiver), and how to reach them
    officer: str = ""
    #: where the database and its copies are, who keeps them, and how the connection is encrypted: no program can know
    #: that
    stored: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The texts that a page lacks, by their names in `policy.toml`."""
        return tuple(key for key in ASKED if not getattr(self, key))

    def told(self, key: str) -> Wording:
        """The library's own words, or a placeholder in brackets."""
        text = getattr(self, key)
        return Wording(text, text) if text else Wording(f"[{ASKED[key].da}]", f"[{ASKED[key].en}]")
