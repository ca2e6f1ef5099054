"""What the API answers about records and reviews: the documents of the commands, as closed models.

A name that stands here with `None` or an empty default may be missing in a document, and is then missing in the answer.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue

from cprsync.domain.patron.fields import FIELD
from cprsync.errors import WrongValue


class Answer(BaseModel):
    """A part of an answer: nothing is sent that is not listed."""

    # pydantic's own classes have a `register`
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=lambda name: name.rstrip("_"))


def _check_field(name: str) -> str:
    if name not in FIELD:
        raise WrongValue("expected a field of the field table")
    return name


#: As `cprsync fields` lists it.
FieldName = Annotated[str, AfterValidator(_check_field)]


class Both(Answer):
    """A text in both languages."""

    da: str
    en: str


class Session(Answer):
    """Who is signed in, and what they are at this library."""

    user: str
    roles: list[str]
    library: str
    language: Literal["da", "en"]
    #: sent as X-CSRF-Token with each request that is not only read
    token: str


class SettableField(Answer):
    """A field that may be set, and what its form takes."""

    field: FieldName
    name: Both
    #: over the register or a rule: it has a reason
    is_correction: bool
    #: as a correction it has a last day
    needs_last_day: bool
    #: for a patron unknown to the register it is set for good: without a reason and a last day
    is_own_word: bool
    is_list: bool
    has_lines: bool
    #: what is typed is not shown
    is_hidden: bool
    #: one entry may be marked for notices
    has_notices: bool
    #: the only values; none: anything may be typed
    choices: list[str]


class Library(Answer):
    """The library, and what forms of it need."""

    agency: str
    name: str
    branches: list[str]
    groups: list[str]
    #: by code
    municipalities: dict[str, str]
    fields: list[SettableField]


class Hit(Answer):
    """One of several patrons found, with as little as tells them apart."""

    patron: str
    name: str | None
    born: str | None
    road: str | None
    sealed: Literal[True] = True


class Found(Answer):
    """Who was found."""

    found: bool
    #: null: nobody, or several
    patron: str | None
    by: Literal["cpr_number", "patron", "card", "telephone", "email", "name"] | None
    warnings: list[str]
    other: str | None = None
    #: several were found
    hits: list[Hit] = []


class Correction(Answer):
    """Staff's correction over the register's value."""

    by: str
    reason: str | None
    until: str | None
    register_: JsonValue = None
    rule: str = ""


class FieldEntry(Answer):
    """One field: its value, whose it is, and since when."""

    value: JsonValue
    owner: str
    source: str | None
    since: str | None
    as_of: str | None
    override: Correction | None
    #: the value is kept back: only a reveal with a reason shows it
    sealed: Literal[True] = True
    #: the age, in place of a sealed birth date
    age: int | None = None
    uncertain: bool = False
    #: the register's value, where it differs
    register_: JsonValue = None
    #: the entry that gets notices
    notices: str | None = None
    #: who has still to confirm that nothing is left
    waits: dict[str, int | list[str]] = {}


Fields = dict[FieldName, FieldEntry]


class Window(Answer):
    """Since when, and why, deliveries may lack news of the number."""

    since: str
    why: str


class Minor(Answer):
    """A minor that the patron answers for."""

    patron: str
    name: str | None
    since: str
    sealed: Literal[True] = True


class Said(Answer):
    """What the patron said of themselves while the register did not answer. Its values are there only if opened."""

    since: str
    #: the register has still to answer
    waits: bool
    #: staff have said that the register's person is another: the patron is blocked, and no card has a PIN
    other: Literal[True] | None = None
    name: str = ""
    address: list[str] = []


#: Why name and address are hidden: a protection of the register's, or staff's; an administrative street code; a review
#: that nobody has answered yet; or the register has not answered. None: they are not, or for the sake of others alone.
HiddenBy = Literal["protection", "street", "parked", "silence"] | None


class Record(Answer):
    """One record.

    `protected` says that name and address are hidden, and `sealed_by` why. The patron is under name and address
    protection only if that is `protection`.
    """

    patron: str
    kind: str
    library: str
    fields: Fields
    protected: bool
    sealed_by: HiddenBy
    household: bool
    revealed: bool
    verified: bool
    window: Window | None
    #: a night was undone: no source changes the record until a person lets the patron go
    held: bool | None = None
    in_register: bool
    parked: bool
    letters_stopped: str | None
    said: Said | None = None
    answers_for: list[Minor] = []
    merged_into: str = ""


class Warned(Answer):
    """One warning before anything is written."""

    kind: str
    level: Literal["note", "ask", "stop"]
    text: Both


class KeptBlock(Answer):
    """A block: since when it holds, and why."""

    since: str
    reason: str
    lifted: str = ""


class AccountSides(Answer):
    """What we and CULR say about one account."""

    account: bool
    ours: str | None
    theirs: str | None
    answer: str | None


class FieldOnBothSides(Answer):
    """One field at a target: ours, theirs, and what sending again does to it. What is withheld is on neither side."""

    field: str
    ours: str | bool | None
    theirs: str | bool | None
    again: Literal["keeps", "sets", "empties"] | None
    withheld: Literal["protection", "free_text"] | None


class HeldByTarget(Answer):
    """What a target holds of one of its patrons, beside ours."""

    remote: str | None
    fields: list[FieldOnBothSides]


class TargetSides(Answer):
    """What a target holds now, beside ours. `failure` is the kind of the error that kept it from being read."""

    kind: str | None
    reading: Literal["read", "never", "unanswered", "refused", "removed", "nothing"]
    failure: str | None
    match: Literal["one", "nobody", "several", "other_person"] | None
    sending: Literal["writes", "adds", "nothing", "refused"] | None
    kinds: list[str]
    newer_waits: bool
    held: list[HeldByTarget]


class RefusedByTarget(Answer):
    """Another system that did not take what it was to hear, and the code of its answer."""

    name: str
    code: str
    #: of an item that is shown alone
    sides: TargetSides | None = None


class Decided(Answer):
    """Who answered a review item, and when."""

    by: str
    at: str


class PutOff(Answer):
    """Until when an item was put off, and by whom."""

    until: str
    by: str


class ReviewItem(Answer):
    """One review item."""

    id: int
    patron: str
    about: str | None
    kind: str
    since: str
    state: str
    why: Both
    accept: Both
    reject: Both
    undoable: bool
    reopens: bool
    decided: Decided | None
    later: PutOff | None
    in_bulk: bool
    net_media: AccountSides | None = None
    targets: list[RefusedByTarget] | None = None


class ReviewItems(Answer):
    """What waits for a person."""

    items: list[ReviewItem]


class MaskedNumbers(Answer):
    """The patron's number, and the one that the register names. Only a part of each is shown."""

    ours: str
    register_: str | None


class MergePlan(Answer):
    """Which record stays, and what moves to it, by kind."""

    keeps: str
    closes: str
    moves: dict[str, int]


class SaidBeside(Answer):
    """What the patron said while the register did not answer. `sealed`: the record is protected, so it is not shown."""

    sealed: bool
    name: str = ""
    address: list[str] = []


class ReviewShown(ReviewItem):
    """One review item with both sides."""

    record: Record | None
    other: Record | None
    numbers: MaskedNumbers | None = None
    plan: MergePlan | None = None
    rejecting: dict[Literal["unverified"], str] = {}
    #: beside what the record says, which is the register's
    said: SaidBeside | None = None


class ReviewAnswered(Answer):
    """The item after an answer."""

    item: ReviewItem
