"""What is kept beside a patron's record, and for how long. One table for both pages. Leaves out the fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.pages.page import days

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.domain.pages.page import Texts
    from cprsync.domain.policy.policy import Retention
    from cprsync.domain.wording import Wording


@dataclass(frozen=True, slots=True)
class Beside:
    """One thing that is kept beside the record.

    Its texts are `beside.<key>.name`, `.said` (what it is, for the patron), `.data` (its categories of data, for the
    authority) and `.kept` (how long, as a sentence).
    """

    key: str
    #: the numbers of days in how long it is kept
    days: Callable[[Retention], Mapping[str, int]] = lambda _: {}

    def text(self, part: str, texts: Texts) -> Wording:
        """One of its texts: name, said or data."""
        return texts(f"beside.{self.key}.{part}")

    def kept(self, keep: Retention, texts: Texts) -> Wording:
        """How long it is kept."""
        if self.key == "log" and not keep.log_days:
            return texts("beside.log.stays")
        return texts(f"beside.{self.key}.kept", **{name: days(count) for name, count in self.days(keep).items()})


BESIDE: Final = (
    Beside("log", lambda keep: {"after": keep.log_days}),
    Beside("files", lambda keep: {"after": keep.deliveries_days, "refused": keep.refused_deliveries_days}),
    Beside("nights", lambda keep: {"after": keep.nights_days}),
    Beside("corrections", lambda keep: {"after": keep.corrections_days}),
    Beside("decisions", lambda keep: {"after": keep.answered_reviews_days}),
    Beside("net_media"),
    Beside("blocks", lambda keep: {"after": keep.kept_blocks_days}),
    Beside("erased"),
)
