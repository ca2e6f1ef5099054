"""Gives a reader the changes behind a cursor, a page at a time.

A page holds what `view` of the target lets through, and nothing else. Its last line says where the next page begins, so
that a page that was cut off has no cursor. A reader whose cursor lies in what is lost or forgotten begins again.

After an older copy was put back, the reader knows more than the records until the register has answered. Until then
nobody begins again, no page is the last one, and of a patron without an answer nothing is told but what protects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.outward.cursor import beginning, read_cursor, short_stamp, unwrap, wrap
from cprsync.domain.outward.lines import tell, write_line
from cprsync.errors import BadInput, CursorGone, SealBroken, TargetNotLoaded
from cprsync.services.outward.sending import follow_marked
from cprsync.services.ports.night import never_stop
from cprsync.services.ports.outward import SIGN_BYTES, ReadPart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cprsync.domain.outward.cursor import Cursor
    from cprsync.domain.outward.lines import NumberedChange
    from cprsync.domain.outward.target import Target
    from cprsync.services.ports.outward import Numbering
    from cprsync.services.ports.store import Store

#: The most changes of a page, and how many it has if the reader does not say.
LIMIT_MAX: Final = 10_000
LIMIT_USUAL: Final = 1_000
#: After a restore everybody is marked. A reader waits for so many shares of them, and asks again while others are left.
SHARES_MOST: Final = 3
#: A page ends at this size, whatever the reader asked for.
PAGE_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """What a reader gets at once. The lines are written: nothing more is added to them."""

    lines: tuple[bytes, ...]
    next: str
    #: the page is full: there may be more already
    more: bool
    part: ReadPart

    @property
    def end(self) -> bytes:
        """The last line, with the cursor."""
        return write_line({"next": self.next, "more": self.more})

    @property
    def body(self) -> bytes:
        """All lines, and the last one."""
        return b"".join((*self.lines, self.end))


@dataclass(frozen=True, slots=True)
class FeedReader:
    """A reader of one target. `user`: the name in the audit."""

    store: Store
    agency: str
    target: Target
    user: str

    def fetch(self, after: str, limit: int) -> Page:
        """Return the page behind a cursor, after its audit entry. `after` "": from the beginning.

        Raises BadInput for what is no cursor of this reader, CursorGone for one that leads nowhere any more, and
        TargetNotLoaded as long as the changes do not tell of everyone, or the register has not answered since an older
        copy was put back and nothing is to be told meanwhile.
        """
        self._follow_marked()
        try:
            page = self._read(after, limit)
        except SealBroken:
            # of one whose record opens, the change is made anew, so that one patron stops no reader
            self.store.changes.renew(self._begins(after), limit)
            page = self._read(after, limit)
        self.store.changes.note_read(page.part, user=self.user)
        return page

    def fetch_all(self, after: str, raise_if_stopped: Callable[[], None] = never_stop) -> Iterator[Page]:
        """Yield every page behind a cursor, until one is not full. Raises before the first one as `fetch` does."""
        if self.store.windows.awaits_register():
            raise _not_answered()
        follow_marked(self.store, raise_if_stopped)
        more = True
        while more:
            raise_if_stopped()
            page = self.fetch(after, LIMIT_MAX)
            yield page
            after, more = page.next, page.more

    def _follow_marked(self) -> None:
        """Make changes of some of those who are still marked. Raises TargetNotLoaded if others are left.

        Otherwise a reader would get what was told before a protection.
        """
        if not follow_marked(self.store, most=SHARES_MOST):
            raise TargetNotLoaded("the changes do not tell of every patron yet")

    def _begins(self, after: str) -> int:
        with self.store.at_one_moment():
            awaits = self.store.windows.awaits_register()
            return self._cursor(after, self.store.changes.numbering(), awaits=awaits).seq

    def _read(self, after: str, limit: int) -> Page:
        with self.store.at_one_moment():
            numbering = self.store.changes.numbering()
            if not numbering.is_complete:
                raise TargetNotLoaded("the changes do not tell of every patron yet")
            awaits = self.store.windows.awaits_register()
            cursor = self._cursor(after, numbering, awaits=awaits)
            page = self._page(cursor, limit, numbering, after or self._written(cursor), awaits=awaits)
        if not awaits:
            return page
        if not (page.lines or page.more):
            raise _not_answered()
        return replace(page, more=True)

    def _cursor(self, text: str, numbering: Numbering, *, awaits: bool) -> Cursor:
        if not text:
            return beginning(self.agency, self.target, began=numbering.forgotten)
        cursor = self._own(text)
        if cursor.stamp != short_stamp(self.target):
            raise CursorGone("the settings of this target have changed since")
        if cursor.lost or (cursor.seq and not numbering.was_given(cursor.epoch, cursor.seq)):
            if not awaits:
                raise CursorGone("the database was put back, and has lost what was read since")
            cursor = _behind_loss(cursor, numbering)
        if max(cursor.seq, cursor.began) < numbering.forgotten:
            raise CursorGone("it is too old: who left since then is forgotten")
        return cursor

    def _own(self, text: str) -> Cursor:
        """The cursor of a text. Raises BadInput, which does not say what is wrong with it."""
        unwrapped = unwrap(text, sign_bytes=SIGN_BYTES)
        if unwrapped is not None and self.store.changes.is_signed(*unwrapped):
            cursor = read_cursor(unwrapped[0])
            if cursor is not None and (cursor.agency, cursor.target) == (self.agency, self.target.name):
                return cursor
        raise BadInput("this is no cursor that this reader was given", kind="cursor.unknown")

    def _page(self, cursor: Cursor, limit: int, numbering: Numbering, here: str, *, awaits: bool) -> Page:
        lines: list[bytes] = []
        size, until, read = 0, cursor.seq, 0
        for change in self.store.changes.read(cursor.seq, limit):
            told = None if awaits and _knows_more(change, cursor) else tell(change, self.target)
            line = b"" if told is None else write_line(told)
            size += len(line)
            if size > PAGE_BYTES and lines:
                read = limit
                break
            lines += [line] if line else []
            until, read = change.seq, read + 1
        part = ReadPart(self.target.name, cursor.seq, until, len(lines))
        moved = replace(cursor, epoch=numbering.epoch_of(until), seq=until)
        return Page(tuple(lines), here if until == cursor.seq else self._written(moved), read >= limit, part)

    def _written(self, cursor: Cursor) -> str:
        return wrap(cursor.written, self.store.changes.sign(cursor.written))


def _not_answered() -> TargetNotLoaded:
    return TargetNotLoaded(
        "a backup was put back, and the register has not answered about every patron since", kind="target.put_back"
    )


def _behind_loss(cursor: Cursor, numbering: Numbering) -> Cursor:
    """The cursor from which a reader goes on who has read what is lost."""
    if numbering.was_given(cursor.epoch, cursor.seq):
        return cursor
    begins = numbering.begins_after(cursor.epoch)
    return replace(cursor, epoch=numbering.epoch_of(begins), seq=begins, lost=True)


def _knows_more(change: NumberedChange, cursor: Cursor) -> bool:
    """Whether the reader may have been told something newer of the patron than the record that was put back."""
    record = change.record
    return record is not None and (record.held or (cursor.lost and record.repeats))
