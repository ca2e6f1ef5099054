"""What a caller may ask: closed models, with a ceiling on every text. Nothing personal is part of an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, create_model

from cprsync.domain.desk.settable import settable_of_anyone
from cprsync.domain.patron.fields import BESIDE_SEALED, FIELDS
from cprsync.domain.patron.kinds import CELL_MAX
from cprsync.domain.patron.review import BULK_MOST
from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from cprsync.domain.patron.field import Field as TableField

#: What no keyboard types, and PostgreSQL does not keep.
_TYPED: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
#: The most values of a list, such as the cards of one patron.
LIST_MAX: Final = 20

Text = Annotated[str, StringConstraints(max_length=CELL_MAX, pattern=_TYPED)]
Typed = Annotated[str, StringConstraints(min_length=1, max_length=CELL_MAX, pattern=_TYPED)]
Texts = Annotated[list[Typed], Field(max_length=LIST_MAX)]
#: The value of any field: as long as the longest may be.
Value = Annotated[str, StringConstraints(max_length=max(one.kind.cell_max for one in FIELDS), pattern=_TYPED)]
#: As an answer gives it: it names what the session has in hand.
Key = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
#: Kept in the audit, sealed. At most as long as the audit keeps.
Reason = Annotated[str, StringConstraints(max_length=200, pattern=_TYPED)]
#: Ten digits, with or without a hyphen or blanks; a replacement number may have letters.
Number = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=_TYPED)]
#: Why the register is asked: as in the audit.
WhyAsked = Literal["registration", "renewal", "correction", "debt", "guardian"]
#: A patron number, a card or a CPR number. "": nobody.
Whom = Annotated[str, StringConstraints(max_length=64, pattern=_TYPED)]
#: What a preview was, as its answer names it.
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
ItemNumber = Annotated[int, Field(ge=1, le=999_999_999)]
#: Every field that may be set of somebody.
_SET: Final = tuple(sorted(settable_of_anyone()))


def _check_set(name: str) -> str:
    if name not in _SET:
        raise WrongValue("expected a field that may be set")
    return name


FieldToSet = Annotated[str, AfterValidator(_check_set), Field(json_schema_extra={"enum": list(_SET)})]


class RequestBody(BaseModel):
    """What was sent: no name that is not listed, and no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Find(RequestBody):
    """Whatever staff have of somebody."""

    typed: Typed


class LookUp(RequestBody):
    """A question to the register, and why."""

    cpr_number: Number
    purpose: WhyAsked


class LookUpPatron(RequestBody):
    """A question to the register about a patron, and why."""

    purpose: Literal["registration", "renewal", "correction", "debt"]


class RevealBody(RequestBody):
    """Why something sealed is opened."""

    reason: Annotated[Reason, StringConstraints(min_length=1)]


class RevealLetter(RevealBody):
    """Why a sealed address is opened, and for which sheet."""

    sheet: Literal["statement", "label"] = "statement"


def _taken(field: TableField) -> Any:
    """The type and the default of what is sent of a field."""
    longest = StringConstraints(max_length=field.kind.cell_max, pattern=_TYPED)
    return (Texts, []) if field.kind.several else (Annotated[str, longest], "")


_FieldsBeside = create_model(
    "_FieldsBeside", __base__=RequestBody, **{field.key: _taken(field) for field in BESIDE_SEALED}
)


class BesideBody(_FieldsBeside, RequestBody):
    """What staff type beside the register's answer."""

    #: which of the telephones, and which of the e-mail addresses, gets notices
    notices: Annotated[list[Text], Field(max_length=sum(one.kind.notices for one in BESIDE_SEALED))] = []


class OwnWords(BesideBody):
    """What staff type about a person unknown to the register."""

    #: a replacement number; left out: the person has none
    cpr_number: Annotated[str, StringConstraints(max_length=40, pattern=_TYPED)] = ""
    name: Typed
    birth_date: Text = ""
    address: Texts = []
    #: the code of the municipality where the person lives, until a register says it
    municipality: Text = ""
    group: Text = ""
    #: who is to answer for a minor
    responsible: Whom = ""


class TypedBeside(BesideBody):
    """What staff type beside what was shown, to see all of it before the yes."""

    key: Key
    #: name and address in the person's own words, as long as the register does not answer
    name: Text = ""
    address: Texts = []
    #: who is to answer for a minor
    responsible: Whom = ""


class Yes(RequestBody):
    """The yes to what was shown."""

    key: Key
    #: needed if a warning says stop
    reason: Reason = ""
    beside: BesideBody = BesideBody()


class SetField(RequestBody):
    """A new value of one field."""

    field: FieldToSet
    #: as `patron set` reads it; null: take a correction back, or empty the field
    text: Value | None
    #: what to do with a list; null: add
    doing: Literal["add", "remove", "replace", "mark", "unmark"] | None = None
    #: the entry of a list gets notices
    notices: bool = False
    #: what the field held when somebody saw it, as it is typed. If it holds something else by now, nothing is
    #: done. Not compared: a list, a PIN, a correction, and what is sealed
    was: Value | None = None
    #: a correction over the register or a rule has a reason, and a last day
    reason: Reason = ""
    until: Day | None = None


class LinkBody(RequestBody):
    """Who begins, or ends, to answer for a minor."""

    who: Annotated[Whom, StringConstraints(min_length=1)]


class YesToLink(RequestBody):
    """The yes to who was shown."""

    key: Key


class GiveNumber(RequestBody):
    """The number of a patron who has had none of the register's."""

    cpr_number: Number


class YesToNumber(RequestBody):
    """The yes to the number that was shown."""

    key: Key
    #: needed if a warning says stop
    reason: Reason = ""


class EndingBody(RequestBody):
    """The yes to what was shown of leaving or erasing."""

    digest: Digest
    #: needed if a warning says stop
    reason: Reason = ""
    #: needed if the preview says `again`: the patron number, as a person has typed it once more
    again: Annotated[str, StringConstraints(max_length=16)] = ""


class ReviewAnswer(RequestBody):
    """What becomes of a review item. To reject, to put off and to reopen need a reason."""

    answer: Literal["accept", "reject", "later", "now", "undo", "reopen"]
    reason: Reason = ""
    #: the day on which an item that is put off waits again
    until: Day | None = None
    #: to accept or reject: the other patron, as shown. If the item is about another by now, nothing is done
    about: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")] | None = None
    #: of a number that is taken back: what was shown
    digest: Digest | None = None


class PlanYesBody(RequestBody):
    """A yes to the plan that a limit has held, and why."""

    plan: Digest
    reason: Annotated[Reason, StringConstraints(min_length=1)]


class PlanRun(RequestBody):
    """The plan that two people have approved, to be run now."""

    plan: Digest
    #: why a run is undone; a night needs none
    reason: Reason = ""


class BulkBody(RequestBody):
    """Review items to be accepted together."""

    items: Annotated[list[ItemNumber], Field(min_length=1, max_length=BULK_MOST)]


class BulkYes(BulkBody):
    """The yes to what was shown of them."""

    digest: Digest


class Explain(RequestBody):
    """Why a look-up made no patron."""

    reason: Reason


class CheckBody(RequestBody):
    """What a supervisor found of a sample."""

    in_order: bool
    reason: Reason


class Lift(RequestBody):
    """Who goes on, and why."""

    user: Annotated[Text, StringConstraints(min_length=1)]
    reason: Reason


class Search(RequestBody):
    """What is looked for in the log. What is left out is not asked for."""

    since: Day | None = None
    until: Day | None = None
    by: Typed | None = None
    patron: Annotated[Whom, StringConstraints(min_length=1)] | None = None
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=_TYPED)] | None = None


class CitizenBody(RequestBody):
    """Who asks: by patron number or CPR number."""

    who: Annotated[Whom, StringConstraints(min_length=1)]


class Watch(RequestBody):
    """A number that is watched, or no more."""

    cpr_number: Number
    doing: Literal["watch", "unwatch"]


class CardBody(RequestBody):
    """A patron's card, and its PIN."""

    card: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_TYPED)]
    pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,12}$")]
