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


class ImageBroken(AuditBroken):
    """A record as it was before a run was altered, or put to another run. Names patron and run, and no value."""

    def __init__(self, patron_id: str, run: int) -> None:
        sentence = "what is kept of patron {patron} from before run {run} was altered or moved: it cannot be put back"
        super().__init__("records", 0, "altered", sentence=sentence)
        self.values |= {"patron": patron_id, "run": run}


#: What is wrong with a row that has to have its entry in the audit, by what has become of the row.
_UNBOUND = {
    "added": "{row} has no entry in the audit: it does not count",
    "altered": "{row} is not what its entry in the audit says: it does not count",
    "gone": "{row} was taken away past the program: by its entry in the audit it is there",
}


#: The same of a row that shuts: it counts as long as it is there, and the next night puts it back.
_UNBOUND_SHUTTING = {
    "added": "{row} has no entry in the audit: somebody wrote it past the program",
    "altered": "{row} is not what its entry in the audit says: the next night puts it back",
    "gone": "{row} was taken away past the program: the next night puts it back",
    # of a subscription, which has no entry
    "ended": "{row} was ended past the program: the next night puts it back",
}
_SHUTTING = {"protected", "window", "parked", "question", "subscription", "link", "chain"}
#: The same of a row that the rules of access count.
_UNCOUNTED = "{row} was altered or taken away past the program: the limits on look-ups may not count it"
#: What a night says of a row that it has put back.
PUT_BACK = "put_back"
_IS_BACK = "{row} was changed past the program: this night has put it back"

#: The rows that have to have one, by their kind in `store.audit.binding`.
_ROWS = {
    "yes": "the yes {key} (run|number)",
    "begun": "the word that run {key} writes an approved plan",
    "correction": "correction {key} of patron {patron}",
    "hold": "the hold of patron {patron}",
    "brake": "the stop or the release of the target {key}",
    "signature": "the word of a second person or a supervisor {key} (entry|word)",
    "settled": "what came of look-up {key} at the desk (entry|word)",
    "watch": "the mark of a number whose look-ups a second person signs for",
    "first_yes": "the first of two answers to review item {key} about patron {patron}",
    "accepted": "the acceptance of delivery {key}",
    "protected": "the day of the protection of patron {patron} (patron.protected_on)",
    "window": "the window of the unverified patron {patron} (patron.unverified_since)",
    "link": "who answers for patron {patron} (responsible)",
    "leaving": "the word that patron {patron} is to leave (patron.standing)",
    "chain": "the day of the last delivery taken of agreement {key} (agreement.last_produced)",
    "subscription": "the subscription of patron {patron} (subscription.until)",
    "attempt": "attempt {key} at the desk (desk_attempt)",
    "parked": "review item {key} that keeps patron {patron} parked (review_item)",
    "question": "the question to the register that keeps patron {patron} parked (follow_up)",
}


class RowUnbound(AuditBroken):
    """A row that opens, lifts or exempts was written, altered or deleted past the program. Names no value."""

    def __init__(self, what: str, key: str, patron_id: str | None, fate: str) -> None:
        sentences = _UNBOUND_SHUTTING if what in _SHUTTING else _UNBOUND
        sentence = _UNCOUNTED if what == "attempt" else _IS_BACK if fate == PUT_BACK else sentences[fate]
        super().__init__(f"bound/{what}", 0, fate, sentence=sentence)
        self.values["row"] = CprsyncError(_ROWS[what], key=key, patron=patron_id or "")
        self.row, self.key, self.patron_id, self.fate = what, key, patron_id, fate


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
