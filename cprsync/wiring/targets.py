"""Opens the other systems that hear of patrons: each `[[library.target]]` becomes a client, ready to be called.

Also makes the settings of Cicero (FBS), which is only read.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import ConfigurationError, CprsyncError, TargetUnavailable
from cprsync.services.ports.outward import OpenTarget
from cprsync.wire.limits import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager, ExitStack

    from cprsync.config.settings import LibrarySection
    from cprsync.config.targets import AnyTarget, FileTarget, KohaTarget, WebhookTarget
    from cprsync.domain.outward.koha_drift import KohaDrift
    from cprsync.domain.outward.sides import Sides, Withholding
    from cprsync.outward.settings import FbsSettings, FileSettings, KohaSettings, WebhookSettings
    from cprsync.services.desk.reviewing import StaffReviews
    from cprsync.services.ports.outward import OutwardEffect
    from cprsync.services.ports.runs import Clock
    from cprsync.wire.calls import CallSurroundings

#: How long the page of a review item waits for all targets together that refused the patron.
LOOK_SECONDS: Final = 4.0


@dataclass(frozen=True, slots=True)
class TargetNeeds:
    """What opening a target needs, whichever it is."""

    agency: str
    production: bool
    clock: Clock
    around: CallSurroundings
    #: closes the connections
    stack: ExitStack
    #: whether they may be called now
    asks: bool = True


@dataclass(frozen=True, slots=True)
class UnopenedTarget:
    """Stands in for the client of a target that cannot be opened, and says so when it is to send or to read."""

    error: CprsyncError

    def send_many(self, queues: Iterable[Sequence[OutwardEffect]]) -> Iterator[tuple[OutwardEffect, CprsyncError]]:
        """Take nothing."""
        for queue in queues:
            yield queue[0], self.error
            return

    def compare_many(self, expected: Sequence[OutwardEffect]) -> dict[str, tuple[KohaDrift, ...]]:  # noqa: ARG002 -- as in the port
        """Raise what is wrong."""
        raise self.error

    def look(self, expected: OutwardEffect, *, least: Withholding) -> Sides:  # noqa: ARG002 -- as in the port
        """Raise what is wrong."""
        raise self.error


def open_target(section: AnyTarget, needs: TargetNeeds) -> OpenTarget:
    """Open one target. What its files lack is told when something is to be sent, and holds up no other target."""
    try:
        if not needs.asks:
            raise TargetUnavailable("as many ask other systems as may do so at the same time")
        return _open(section, needs)
    except CprsyncError as error:
        unopened = UnopenedTarget(error)
        return OpenTarget(section.target, unopened, unopened if section.kind == "koha" else None)


def _open(section: AnyTarget, needs: TargetNeeds) -> OpenTarget:
    match section.kind:
        case "koha":
            from cprsync.outward.koha import KohaClient

            settings = koha_settings(section, production=needs.production)
            koha = KohaClient(settings, today=needs.clock.today, surroundings=needs.around)
            return OpenTarget(section.target, needs.stack.enter_context(closing(koha)), koha)
        case "webhook":
            from cprsync.outward.webhook import WebhookClient

            hook = webhook_settings(section, needs.agency, production=needs.production)
            receiver = WebhookClient(hook, surroundings=needs.around)
            return OpenTarget(section.target, needs.stack.enter_context(closing(receiver)))
        case "file":
            from cprsync.outward.file import FileClient

            return OpenTarget(section.target, FileClient(file_settings(section), now=needs.around.now))
        case "feed":
            return OpenTarget(section.target)


def show_item_with_targets(
    reviews: StaffReviews, number: int, targets: Callable[[Patience], AbstractContextManager[Sequence[OpenTarget]]]
) -> dict[str, Any]:
    """A review item with both sides at each target that refused the patron, read within the ceiling of a desk.

    `targets` opens the targets, as `Site.targets` does. Raises ReviewUnknown.
    """
    from cprsync.services.outward.sides import show_with_sides

    return show_with_sides(reviews, number, lambda: targets(Patience(LOOK_SECONDS)))


def koha_settings(section: KohaTarget, *, production: bool) -> KohaSettings:
    """The section as the client's settings."""
    from cprsync.outward.settings import KohaSettings

    shared = {"ca", "crl", "client", "secret_file", "workers", "per_second"}
    return KohaSettings(
        url=section.url.rstrip("/"),
        basic=section.log_in == "basic",
        welcomes=section.welcome,
        rules=section.rules,
        production=production,
        **section.model_dump(include=shared),
    )


def webhook_settings(section: WebhookTarget, agency: str, *, production: bool) -> WebhookSettings:
    """The section as the client's settings."""
    from cprsync.outward.settings import WebhookSettings

    shared = {"url", "ca", "crl", "keys", "workers", "per_second"}
    return WebhookSettings(agency=agency, production=production, **section.model_dump(include=shared))


def file_settings(section: FileTarget) -> FileSettings:
    """The section as the writer's settings."""
    from cprsync.outward.settings import FileSettings

    return FileSettings(
        target=section.target,
        folder=section.folder,
        is_table=section.format == "csv",
        records_most=section.records_most,
        bytes_most=section.megabytes_most * 1024 * 1024,
        keep_days=section.keep_days,
    )


def fbs_settings(library: LibrarySection, *, production: bool) -> FbsSettings:
    """The section as the client's settings. Raises ConfigurationError: there is no section."""
    from cprsync.outward.settings import FbsSettings

    if library.fbs is None:
        raise ConfigurationError("Cicero (FBS) is not set up: there is no [library.fbs]", kind="fbs.off")
    values = library.fbs.model_dump()
    values["agency"] = values["agency"] or f"DK-{library.agency}"
    return FbsSettings(**{**values, "url": values["url"].rstrip("/")}, production=production)
