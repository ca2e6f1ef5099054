"""What the API answers when one record was changed, is to end, or has changed: the documents of the commands."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cprsync.web.api.shapes.answers import Answer, Both, KeptBlock, Minor, ReviewItem, Warned


class FieldSet(Answer):
    """What became of one field."""

    patron: str
    field: str
    outcome: Literal["set", "unchanged", "withdrawn", "added", "removed", "lifted", "marked", "unmarked"]
    #: what was done with a list
    list_: Literal["add", "remove", "replace", "mark", "unmark"] = "add"
    until: str | None
    #: what the net media are told from now on; null: nothing new
    culr: str | None
    #: the group follows the age again
    follows_age: bool = False


class ChangedField(Answer):
    """One field after a change, and whether CULR took it."""

    done: FieldSet
    told: bool


class ChangedLink(Answer):
    """Who answers for a minor after a change."""

    patron: str
    responsible: str
    name: str | None
    sealed: Literal[True] = True
    outcome: Literal["added", "ended", "unchanged"]
    kind: str
    verified: bool
    warnings: list[str]


class Responsible(Answer):
    """Somebody who answers for a patron, or did while a debt from then is open."""

    patron: str
    kind: str
    name: str | None
    sealed: Literal[True] = True
    since: str
    until: str | None
    #: the day is kept back: it is a sealed patron's birthday
    withheld: bool
    in_force: bool
    owes: bool
    letters: Literal["go", "stopped"]
    why: str | None


class Responsibles(Answer):
    """Who answers for a patron, and who the patron answers for."""

    patron: str
    on: str
    responsibles: list[Responsible]
    answers_for: list[Minor]


class Entry(Answer):
    """One entry of the audit: who did what, when and why. It holds no value of a record."""

    at: str
    who: str
    what: str
    patron: str | None
    actions: list[str]
    why: str | None
    has_reason: bool
    reason: str | None
    run: int | None
    stream: str
    seq: int
    withheld: bool
    clock: str | None


class Entries(Answer):
    """Entries of the audit, the latest first."""

    agency: str
    entries: list[Entry]


class Whose(Answer):
    """Whose record it is. If it is hidden (`protected`), the name is left out."""

    name: str | None
    age: int | None
    cards: list[str]
    protected: bool


class Waiting(Answer):
    """What the register, the net media and other systems have still to confirm."""

    subscriptions: int
    accounts: int
    #: the names of other systems that must hear that the patron is gone
    targets: list[str]


class EndingShown(Answer):
    """What leaving or erasing would do."""

    what: Literal["leave", "erase"]
    patron: str
    #: the yes names it
    digest: str
    needs_reason: bool
    warnings: list[Warned]
    standing: str
    #: what has to be settled first, by kind
    open: dict[str, int]
    reservations: int
    blocks: list[KeptBlock]
    kept_blocks: int
    waits: Waiting
    #: what goes with the record: the fields that have a value, and how many entries each has
    goes: dict[str, int]
    #: the yes deletes at once what nobody can bring back: the patron number is sent with it once more
    again: bool
    whose: Whose
    written: bool


class Left(Answer):
    """What became of a request to leave."""

    patron: str
    standing: str
    since: str | None
    open: dict[str, int]
    dropped: dict[str, int]
    waits: Waiting


class LeftAndTold(Answer):
    """The same, and whether CULR took it."""

    done: Left
    told: bool


class Erased(Answer):
    """What became of an erasure."""

    patron: str
    erased: bool
    waits: Waiting


class ErasedAndTold(Answer):
    """The same, and whether CULR took it."""

    done: Erased
    told: bool


class SideBySide(Answer):
    """One fact of our record beside the register's, as far as each may be shown."""

    ours: str | int | None
    theirs: str | int | None
    #: null: nobody can tell, or it may not be shown
    agrees: bool | None
    sealed: list[Literal["ours", "theirs"]] = Field(default_factory=list)


class ComparedNumber(Answer):
    """Who has the number, beside our record, and the blocks that come back with it."""

    what: str
    patron: str
    digest: str
    needs_reason: bool
    compared: dict[Literal["name", "birth_date", "age"], SideBySide]
    kept_blocks: list[KeptBlock]


class NumberSet(Answer):
    """What giving a number does, or did."""

    patron: str
    outcome: Literal["shown", "set", "unchanged"]
    verified: bool
    subscribed: bool
    warnings: list[Warned]
    written: bool
    #: the patron has the number already, if there is none
    preview: ComparedNumber | None = None


class NumberShown(Answer):
    """What would be written, and the key by which the yes names it."""

    key: str
    shown: NumberSet


class NumberSetAndTold(Answer):
    """What was written, and whether CULR took it."""

    done: NumberSet
    told: bool


class NumberPreview(Answer):
    """Whose number it is, and the digest that the yes names."""

    what: str
    patron: str
    digest: str
    needs_reason: bool
    whose: Whose


class NumberTaken(Answer):
    """What taking a number back would do."""

    patron: str
    outcome: str
    verified: bool
    subscribed: bool
    warnings: list[Warned]
    written: bool
    preview: NumberPreview


class BulkShown(Answer):
    """What accepting several items would do."""

    what: str
    patron: None
    #: the yes names it
    digest: str
    needs_reason: bool
    items: list[ReviewItem]
    written: bool


class Missed(Answer):
    """An item that was not accepted, and why: somebody else has answered it, or it is about the user."""

    id: int
    kind: str
    text: Both


class BulkDone(Answer):
    """What became of the items."""

    accepted: list[ReviewItem]
    missed: list[Missed]
