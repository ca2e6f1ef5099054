"""What can be wrong with the store itself: a seal or the audit chain is broken, or the database does not answer.

Leaves out what the use cases catch by name: those errors stand in `cprsync.errors`.
"""

from cprsync.errors import CprsyncError


class SealBroken(CprsyncError):
    """A sealed value does not belong where it stands: altered, swapped, or of a key that is not here."""

    kind = "store.seal"


_BROKEN = "the audit chain is broken in {stream} at entry {seq}: {why}"


class AuditBroken(CprsyncError):
    """The audit chain was altered; `stream` and `seq` name the first entry that does not fit."""

    kind = "audit.broken"

    def __init__(self, stream: str, seq: int, what: str, *, sentence: str = _BROKEN) -> None:
        super().__init__(sentence, stream=stream, seq=seq, why=what)
        self.stream = stream
        self.seq = seq


class RecordBroken(AuditBroken):
    """A sealed record was altered, or is another patron's; says whose, and no value."""

    def __init__(self, patron_id: str, why: str) -> None:
        super().__init__("records", 0, why, sentence="the sealed record of patron {patron} was altered: {why}")
        self.values["patron"] = patron_id


class JournalBroken(CprsyncError):
    """The erase journal does not hold together; `line` is the first that does not fit."""

    kind = "journal.broken"

    def __init__(self, what: str, *, line: int = 0) -> None:
        super().__init__("the erase journal is broken at line {line}: {why}", line=line, why=what)
        self.line = line


class JournalBehind(CprsyncError):
    """The database has seen the erase journal with lines that are not in the one at hand."""

    kind = "journal.behind"


class StoreFault(CprsyncError):
    """The database refused a statement of ours: its tables are other than they were, or we are wrong."""

    kind = "store.fault"


class ReadOnly(CprsyncError):
    """Something of ours that only reads tried to write: a mistake of the program's, and nothing was written."""

    kind = "store.read_only"


class StoreUnavailable(CprsyncError):
    """The database does not answer, or another writer holds it for too long: try later."""

    kind = "store.unavailable"
