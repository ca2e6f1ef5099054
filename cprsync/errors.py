"""Every error that a caller may catch, grouped by the side at fault.

An error carries a `kind` (a stable name such as `delivery.gap`) and values without personal data. The advice and the
Danish sentence for each error are in tables of the command line, not here.
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Iterator


class Exit:
    """The exit codes of all commands. Plain numbers, because reports keep them and databases look for them."""

    DONE: Final = 0
    #: what was asked for is refused, is not there, or is not as it should be
    REFUSED: Final = 1
    #: a setting, a key, a certificate or the store is wrong
    WRONG: Final = 2
    #: done, and something is left to staff
    LEFT: Final = 3
    #: nobody answers now
    LATER: Final = 4
    #: stopped by a limit
    BRAKED: Final = 5
    #: run by an account that may not
    ACCOUNT: Final = 6
    #: stopped part-way, or by an error that nobody foresaw
    PART: Final = 7


class CprsyncError(Exception):
    """The root of all errors that cprsync raises on purpose."""

    kind = "internal"
    #: "part" where something was written before it was raised
    changed: Literal["nothing", "part"] = "nothing"

    def __init__(self, message: str, *, kind: str | None = None, **values: object) -> None:
        """Take a sentence and the values for its names in braces.

        A value may be another error, or a text that has both languages.
        """
        super().__init__(message)
        self.values = values
        if kind is not None:
            self.kind = kind

    def __str__(self) -> str:
        return self.message

    @property
    def sentence(self) -> str:
        """The sentence without its values, by which a word list finds a translation."""
        return str(self.args[0])

    @property
    def message(self) -> str:
        return self.sentence.format(**self.values) if self.values else self.sentence

    def document(self) -> dict[str, Any]:
        """The sentence and its values, in a form that JSON can hold."""
        values = {k: v.document() if hasattr(v, "document") else str(v) for k, v in self.values.items()}
        return {"sentence": self.sentence, "values": values}


def kind_of(error: BaseException) -> str:
    """The name of an error as the log has it: no text of it, which may quote data."""
    return error.kind if isinstance(error, CprsyncError) else type(error).__name__


# -- our fault: wrong usage, configuration or certificate -----------------------------------------


class ConfigurationError(CprsyncError):
    """A setting, a policy file, a key or a packaged file is missing or wrong."""

    kind = "configuration"


def port_refused(port: int, error: Exception) -> ConfigurationError:
    """Say why nothing can listen on a port: mostly another program does."""
    why = getattr(error, "strerror", None) or str(error)
    code = getattr(error, "errno", None) or 0
    kind = "port.low" if code == errno.EACCES else "port"
    # the codes of a name that leads nowhere are negative
    if code == errno.EADDRNOTAVAIL or code < 0:
        kind = "port.address"
    return ConfigurationError("port {port} cannot be used: {why}", port=port, why=why, kind=kind)


class CertificateError(ConfigurationError):
    """Our own certificate cannot be used: expired, not yet valid, unreadable, wrong key."""

    kind = "certificate.ours"


class CredentialUnseen(ConfigurationError):
    """systemd hands this secret to its service alone, and the command at hand does not run as that service."""

    kind = "file.credential"


class StoreUnavailable(CprsyncError):
    """The database does not answer, has no room, or another writer holds it for too long: try later."""

    kind = "store.unavailable"


class StoreMismatch(ConfigurationError):
    """The store is of another version than this program, or not set up yet."""

    kind = "store.version"


class Misused(ConfigurationError):
    """The command line is wrong; nothing was done."""

    kind = "usage"


# -- the input's fault: refused, nothing changed ---------------------------------------------------


class BadInput(CprsyncError):
    """A file or a value that was passed in is not valid."""

    kind = "input"


class WrongValue(BadInput, ValueError):
    """A typed value is not valid. It is a ValueError too, which libraries expect of what checks a value."""


class OutOfOrder(WrongValue):
    """A list that does not continue as it should. `place` leads to the entry; positions count from 0."""

    def __init__(self, message: str, *place: str | int, **values: Any) -> None:
        super().__init__(message, **values)
        self.place = place

    def within(self, *place: str | int) -> Self:
        """The same mistake, in a list that stands at `place`."""
        return type(self)(self.sentence, *place, *self.place, **self.values)


class NumberTaken(BadInput):
    """Another patron has the number. No record was changed, and a review item about both was opened."""

    kind = "number.both_patrons"
    changed = "part"


class DeliveryRefused(BadInput):
    """A whole delivery is damaged, out of chain or not ours."""

    kind = "delivery.damaged"


class BackupBroken(BadInput):
    """A backup, or what survived beside it, is not what it must be: altered, cut off, or of another one."""

    kind = "backup.broken"


class BackupRefused(BadInput):
    """The place is not one for a restore, or there is no backup in it."""

    kind = "backup.none"


class BackupFailed(CprsyncError):
    """A backup could not be written to its end. No earlier one was touched."""

    kind = "backup.failed"


class ReviewUnknown(BadInput):
    """No review item has that number."""

    kind = "review.unknown"


class ReviewClosed(BadInput):
    """The item does not wait for this answer: someone else or the register was quicker."""

    kind = "review.closed"


class ReviewChanged(BadInput):
    """What the item asks about has changed since it was answered, or since somebody saw it."""

    kind = "review.changed"


# -- nobody's fault: the rules of access say no, nothing was asked ------------------------------------


class AccessRefused(CprsyncError):
    """The rules of access refuse it: too often, too close, or the user is stopped. Nothing was asked or written."""

    kind = "access.refused"


class SecondPersonNeeded(AccessRefused):
    """A second person has to sign. `attempt` numbers what they sign for."""

    kind = "access.second"


# -- the caller's fault: not allowed, nothing changed ------------------------------------------------


class CardRefused(CprsyncError):
    """Card and PIN do not fit together, or the cards are locked: nobody learns which."""

    kind = "card.refused"


class QuotaReached(CprsyncError):
    """A machine has asked too much, or too often with cards and PINs that do not fit: it has to wait."""

    kind = "card.quota"


# -- the counterpart's fault: try later, or do not ------------------------------------------------------


class RegisterUnavailable(CprsyncError):
    """The register, or the way to it, does not answer: try later."""

    kind = "register.unavailable"


class PeerCertificateError(RegisterUnavailable):
    """The counterpart's certificate cannot be trusted: wrong host, unknown issuer, out of date."""

    kind = "certificate.theirs"


class CertificateRefused(RegisterUnavailable):
    """The counterpart refuses our certificate."""

    kind = "certificate.refused"


class RegisterRefused(CprsyncError):
    """The register answers with a fault that another try does not fix."""

    kind = "register.refused"


class BadAnswer(CprsyncError):
    """The register's answer breaks its contract, or is about another person."""

    kind = "register.bad_answer"


class NoSuchPerson(RegisterRefused):
    """The register does not know the number."""

    kind = "register.no_such_person"


class NetMediaUnavailable(CprsyncError):
    """CULR, or the way to it, does not answer, or its answer cannot be read: try later."""

    kind = "netmedia.unavailable"


class NetMediaUntrusted(NetMediaUnavailable):
    """CULR's certificate cannot be trusted: nothing is sent until someone has checked."""

    kind = "netmedia.certificate"


class NetMediaRefused(CprsyncError):
    """CULR does not accept our user, group or password: no call succeeds until someone corrects that."""

    kind = "netmedia.refused"


class LibrarySystemUnavailable(CprsyncError):
    """The library system, or the way to it, does not answer, or its answer cannot be read: try later."""

    kind = "fbs"


class LibrarySystemUntrusted(LibrarySystemUnavailable):
    """The library system's certificate cannot be trusted: nothing is sent until someone has checked."""

    kind = "fbs.certificate"


class LibrarySystemRefused(CprsyncError):
    """The library system does not accept our user or password, or lets us read nothing: no call succeeds."""

    kind = "fbs.refused"


class PatronUnreadable(CprsyncError):
    """The library system has the patron, but does not show them: another try does not help."""

    kind = "fbs.unreadable"


class PatronNotNamed(PatronUnreadable):
    """The library system answers that something is not there, and does not say that it is the patron."""


class TargetUnavailable(CprsyncError):
    """Another system that hears of patrons, or the way to it, does not answer, or not as it should: try later."""

    kind = "target.unavailable"


class TargetUntrusted(TargetUnavailable):
    """The other system's certificate cannot be trusted: nothing is sent until someone has checked."""

    kind = "target.certificate"


class TargetRefused(CprsyncError):
    """The other system does not accept us: no call succeeds until someone corrects that."""

    kind = "target.refused"


class TargetNotLoaded(CprsyncError):
    """A target is set up, and not everything was told of once: try again after the next night, or load it."""

    kind = "target.not_loaded"


class CursorGone(CprsyncError):
    """What a reader has read so far says nothing any more: they have to begin again."""

    kind = "cursor.gone"


class SignInUnavailable(CprsyncError):
    """The identity provider, or the way to it, does not answer, or not as one: nobody was signed in."""

    kind = "sign_in.unavailable"


class SignInRefused(CprsyncError):
    """What came back from the identity provider proves nothing, or gives no access: nobody was signed in."""

    kind = "sign_in"


# -- ourselves: we stopped --------------------------------------------------------------------------


class RunBusy(CprsyncError):
    """Another run of the same agreement is active."""

    kind = "run.busy"


class RunStopped(CprsyncError):
    """Someone asked the run to stop: committed work stays."""

    kind = "run.stopped"


class Interrupted(RunStopped):
    """Someone stopped the command at once (Ctrl-C, SIGTERM). `changed` says whether something stays."""

    kind = "interrupted"


def stopped_from_outside(*, stays: bool) -> Interrupted:
    """Say that someone stopped the command at once. `stays`: whether something was changed."""
    error = Interrupted("stopped from outside", kind="interrupted" if stays else "interrupted.unchanged")
    error.changed = "part" if stays else "nothing"
    return error


@contextmanager
def without_trace() -> Iterator[None]:
    """Say of a stop from outside that nothing was changed. For work that takes back what it made."""
    try:
        yield
    except KeyboardInterrupt:
        raise stopped_from_outside(stays=False) from None


class AnswerLost(CprsyncError):
    """The answer cannot be written out; the work itself is done."""

    kind = "output.lost"


class DeliveryLate(CprsyncError):
    """An expected delivery has not arrived, or is still being written."""

    kind = "delivery.late"


class NotConfirmed(CprsyncError):
    """Nobody has confirmed what would be written, or not exactly that: nothing was written."""

    kind = "confirm.needed"


class Braked(CprsyncError):
    """More of these would be done than the limit allows: they were not."""

    kind = "review.braked"


class NightBraked(CprsyncError):
    """The night would change more than a limit allows: only what protects was written."""

    kind = "run.braked"


class SealBroken(CprsyncError):
    """A sealed value does not belong in its place: it was altered or swapped, or its key is missing."""

    kind = "store.seal"


class AlarmUndelivered(CprsyncError):
    """An alarm could not be told on a channel. It is tried again."""

    kind = "alarm.unreachable"


class LostCompare(CprsyncError):
    """A row changed between the decision and the write: decide that person again."""

    kind = "store.lost_compare"


class FenceLost(CprsyncError):
    """A newer run has taken over: this one may no longer write."""

    kind = "run.fence_lost"


class BalanceError(CprsyncError):
    """The numbers of a run do not add up."""

    kind = "run.balance"
