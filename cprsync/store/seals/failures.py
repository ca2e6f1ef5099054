"""Errors of the store itself: a broken audit chain or journal, or a statement that the database refuses.

Errors that the use cases catch by name are in `cprsync.errors`.
"""

from cprsync.errors import CprsyncError

_BROKEN = "the audit chain is broken in {stream} at entry {seq}: {why}"


class AuditBroken(CprsyncError):
    """The audit chain was altered. `stream` and `seq` name the first entry that does not fit."""

    kind = "audit.broken"

    def __init__(self, stream: str, seq: int, what: str, *, sentence: str = _BROKEN) -> None:
        super().__init__(sentence, stream=stream, seq=seq, why=what)
        self.stream = stream
        self.seq = seq


class RecordBroken(AuditBroken):
    """A sealed record was altered, or is another patron's. Names the patron, and no value."""

    def __init__(self, patron_id: str, why: str) -> None:
        super().__init__("records", 0, why, sentence="the sealed record of patron {patron} was altered: {why}")
        self.values["patron"] = patron_id


class JournalBroken(CprsyncError):
    """The erase journal does not verify. `line` is the first line that does not fit."""

    kind = "journal.broken"

    def __init__(self, what: str, *, line: int = 0) -> None:
        super().__init__("the erase journal is broken at line {line}: {why}", line=line, why=what)
        self.line = line


class JournalBehind(CprsyncError):
    """The database has seen lines of the erase journal that are not in the present one."""

    kind = "journal.behind"


class StoreFault(CprsyncError):
    """The database refused a statement: its tables have changed, or the program has a fault."""

    kind = "store.fault"


class ReadOnly(CprsyncError):
    """Code that may only read tried to write. This is a fault of the program; nothing was written."""

    kind = "store.read_only"
