"""Finds the copy of a delivery that an operator means. A name can occur several times, each with other content.

Copies are told apart by content. A file that is still where deliveries arrive comes first. An undecided copy comes
before a decided one. Writes nothing.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import closing
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from cprsync.errors import BadInput, ConfigurationError, DeliveryRefused, RegisterUnavailable
from cprsync.services.ports.deliveries import InboxState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cprsync.services.ports.deliveries import Feed, SealedDelivery, WaitingFile
    from cprsync.services.ports.store import Store

_UNKNOWN: Final = "no delivery of that name waits in the inbox or where deliveries arrive, and no such file can be read"
#: A part of a hash that is long enough to tell copies apart; messages show the same number of digits.
_HASH = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
_EMPTY: Final = hashlib.sha256(b"").hexdigest()
_READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class MeantCopy:
    """The copy that is meant: one in the inbox, or content that is not sealed yet."""

    name: str
    #: the hash of the content; the hash of no bytes if it cannot be read
    sha256: str
    #: None: the copy is not in the inbox
    copy: SealedDelivery | None = None
    #: opens the content on disk or where deliveries arrive
    content: Callable[[], BinaryIO] = BytesIO
    #: the file is on disk, and named by its path
    is_on_disk: bool = False
    #: the companion file announces more content than there is
    is_unfinished: bool = False
    #: why the file cannot be read; None: it can
    unread: str | None = None
    #: the file where deliveries arrive
    file: WaitingFile | None = None
    #: the other copies of this name in the inbox
    others: tuple[SealedDelivery, ...] = ()


def find_copy(store: Store, feed: Feed | None, file: str, *, sha256: str | None = None) -> MeantCopy:
    """Find what `file` means: a name as a night reports it, or a path.

    `sha256`: the first digits of its content's hash.

    Raises:
        BadInput: no delivery of that name is known; or no copy, or more than one, has that hash.
        RegisterUnavailable: the place where deliveries arrive does not answer, and the inbox does not know the name.
    """
    has_folder = "/" in file or "\\" in file
    meant = _on_disk(store, file) if has_folder else _by_name(store, feed, file, sha256)
    return meant if sha256 is None else _held_to(meant, sha256)


def _by_name(store: Store, feed: Feed | None, name: str, sha256: str | None) -> MeantCopy:
    copies = store.stopped_deliveries.copies(name)
    if sha256 is not None and copies:
        return _among(_sealed(_of_hash(copies, sha256)), copies)
    if len(copies) == 1 and _is_open(copies[0]):
        return _sealed(copies[0])
    if not copies and Path(name).is_file():
        return _on_disk(store, name)
    lying = _lying(store, feed, name, copies)
    if lying is None and not copies:
        raise BadInput(_UNKNOWN, kind="delivery.unknown")
    return _among(_newest(lying, copies), copies)


def _newest(lying: MeantCopy | None, copies: list[SealedDelivery]) -> MeantCopy:
    """Select a copy. The file that still lies there comes first, unless it is decided and a sealed copy waits.

    After it comes the newest waiting copy, then the newest undecided one, then the newest.
    """
    waiting = [one for one in copies if one.state is InboxState.SEALED]
    if lying is not None and (lying.copy is None or _is_open(lying.copy) or not waiting):
        return lying
    still_open = waiting or [one for one in copies if _is_open(one)]
    return _sealed((still_open or copies)[-1])


def _sealed(copy: SealedDelivery) -> MeantCopy:
    return MeantCopy(copy.name, copy.sha256, copy)


def _is_open(copy: SealedDelivery) -> bool:
    """Whether the copy is undecided: no run has taken it, and no operator has set it aside."""
    return copy.state in {InboxState.SEALED, InboxState.REFUSED} and not copy.is_set_aside


def _among(meant: MeantCopy, copies: Iterable[SealedDelivery]) -> MeantCopy:
    here = None if meant.copy is None else meant.copy.id
    return replace(meant, others=tuple(one for one in copies if one.id != here))


def _of_hash(copies: Iterable[SealedDelivery], sha256: str) -> SealedDelivery:
    found = [one for one in copies if one.sha256.startswith(_checked_hash(sha256))]
    if len(found) != 1:
        raise BadInput("no copy of that name has content with that hash", kind="delivery.no_copy")
    return found[0]


def _held_to(meant: MeantCopy, sha256: str) -> MeantCopy:
    """Return the copy if its content has this hash. Raises BadInput."""
    if not meant.sha256.startswith(_checked_hash(sha256)):
        raise BadInput("no copy of that name has content with that hash", kind="delivery.no_copy")
    return meant


def _checked_hash(sha256: str) -> str:
    told = sha256.strip().rstrip("…").lower()
    if not _HASH.fullmatch(told):
        raise BadInput("a hash begins with eight hexadecimal digits at least", kind="delivery.no_copy")
    return told


def _on_disk(store: Store, file: str) -> MeantCopy:
    path = Path(file)
    try:
        with path.open("rb") as content:
            sha256 = _digest(content)
    except OSError:
        raise BadInput(_UNKNOWN, kind="delivery.unknown") from None
    copies = store.stopped_deliveries.copies(path.name)
    meant = MeantCopy(path.name, sha256, _same(copies, sha256), lambda: path.open("rb"), is_on_disk=True)
    return _among(meant, copies)


def _lying(store: Store, feed: Feed | None, name: str, copies: list[SealedDelivery]) -> MeantCopy | None:
    """The file where deliveries arrive.

    None: there is none; or the place does not answer, and the inbox knows the name.
    """
    if feed is None:
        return None
    try:
        return _lies_whole(store, feed, name, copies) or _lies_unfinished(feed, name, copies)
    except (RegisterUnavailable, ConfigurationError):
        if copies:
            return None
        raise


def _lies_whole(store: Store, feed: Feed, name: str, copies: list[SealedDelivery]) -> MeantCopy | None:
    file = next((one for one in feed.waiting() if one.name == name), None)
    if file is None:
        return None
    if file.mark is not None and (known := store.sealing.sealed_as(name, file.mark)) is not None:
        return replace(_sealed(known), file=file)
    return _read(MeantCopy(name, _EMPTY, None, _opener(file), file=file), copies)


def _lies_unfinished(feed: Feed, name: str, copies: list[SealedDelivery]) -> MeantCopy | None:
    if name not in feed.unfinished():
        return None
    file = feed.unfinished_file(name)
    return _read(MeantCopy(name, _EMPTY, None, _opener(file), is_unfinished=True, file=file), copies)


def _opener(file: WaitingFile | None) -> Callable[[], BinaryIO]:
    """A function that opens the file. A file that is only announced opens as empty."""

    def read() -> BinaryIO:
        return BytesIO() if file is None else file.open()

    return read


def _read(meant: MeantCopy, copies: list[SealedDelivery]) -> MeantCopy:
    """Find the copy by its content. If the file cannot be read, record why and treat it as empty."""
    try:
        with closing(meant.content()) as content:
            sha256 = _digest(content)
    except DeliveryRefused as unread:
        return replace(meant, copy=_same(copies, _EMPTY), content=BytesIO, unread=unread.kind)
    return replace(meant, sha256=sha256, copy=_same(copies, sha256))


def _same(copies: Iterable[SealedDelivery], sha256: str) -> SealedDelivery | None:
    return next((one for one in copies if one.sha256 == sha256), None)


def _digest(content: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(_READ_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
