"""The pages made from the field table and a library's policy: the public privacy page, and the record of processing.

Leaves out the layout and the words. The privacy page's summary says on half a page, in plain words, what the rest says
with all its limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from cprsync.domain.pages.policy_page import PageSection, Paragraph
from cprsync.domain.patron.field import Basis, Kept
from cprsync.domain.patron.fields import FIELD, PRINTED
from cprsync.domain.wording import Texts, Wording, capital, in_one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cprsync.domain.patron.field import Field
    from cprsync.domain.policy.policy import Controller, Policy, RetentionDays

_NOTHING: Final = Wording("", "")


def protection_text(field: Field, texts: Texts) -> Wording | None:
    """The words for what protection does to a field; None: nothing."""
    if field.hidden_in_part:
        return texts(f"hidden.{field.key}")
    return texts("hidden") if field.sealed else None


def kept_text(how: Kept, policy: Policy, texts: Texts) -> Wording:
    """How long a field is kept, with the library's own days."""
    keep = policy.retention
    if how is Kept.BALANCES:
        return _balances(keep, texts)
    return texts(
        f"kept.{how.value}",
        before=texts("days", count=keep.before_images_days),
        block=texts("days", count=keep.blocks_days),
        loan=texts("days", count=keep.loans_days),
        content=texts("days", count=keep.message_days),
        dead=texts("days", count=policy.dead_subscription_days),
    )


def _balances(keep: RetentionDays, texts: Texts) -> Wording:
    # The compensation decides when the loan is over. Neither is deleted before all other debts for the loan are paid.
    last = texts("days", count=max(keep.compensation_days, keep.loans_days))
    alike = keep.fees_days == keep.compensation_days
    return texts(
        "kept.balances.alike" if alike else "kept.balances",
        fee=texts("days", count=keep.fees_days),
        compensation=texts("days", count=keep.compensation_days),
        lost=texts("kept.lost", last=last),
    )


#: The page says these once for all fields, and does not repeat them for each field.
_AS_MOST: Final = frozenset({Kept.RECORD, Kept.REGISTER, Kept.CHANGED})


def field_text(field: Field, policy: Policy, texts: Texts) -> Wording:
    """What a patron reads about one field: its purpose, and any special rule about keeping or hiding it.

    A field that protection hides completely is not mentioned here: the words about protection cover it.
    """
    parts = [texts(f"field.{field.key}")]
    if field.key in _BY_POLICY:
        parts.append(_BY_POLICY[field.key](policy, texts))
    if field.hidden_in_part:
        parts.append(_sentence(texts(f"hidden.{field.key}")))
    if field.kept not in _AS_MOST:
        parts.append(_sentence(kept_text(field.kept, policy, texts)))
    return in_one(parts)


def _number_needed(policy: Policy, texts: Texts) -> Wording:
    always = policy.group_defaults.cpr_required
    names = ", ".join(group.name for group in policy.groups if group.cpr_required is not always)
    if always:
        return texts("number.except", names=names) if names else texts("number.always")
    return texts("number.some", names=names) if names else texts("number.never")


def _debt_limit(policy: Policy, texts: Texts) -> Wording:
    if not policy.debt_limit_oere:
        return texts("debt.never")
    kroner, oere = divmod(policy.debt_limit_oere, 100)
    return texts("debt.limit", amount=f"{kroner},{oere:02}" if oere else f"{kroner}")


def _until_told(policy: Policy, texts: Texts) -> Wording:
    return texts("unknown.sealed" if policy.silent_is_sealed else "unknown.open")


#: Further words about a field, from the library's own policy.
_BY_POLICY: Final[Mapping[str, Callable[[Policy, Texts], Wording]]] = {
    "cpr_number": _number_needed,
    "balance": _debt_limit,
    "protection": _until_told,
}


def _sentence(text: Wording) -> Wording:
    return in_one([capital(text), Wording(".", ".")], between="")


@dataclass(frozen=True, slots=True)
class KeptBeside:
    """One thing that is kept beside the record.

    Its texts are `beside.<key>.name`, `.said` (what it is, for the patron), `.data` (its categories of data, for the
    authority) and `.kept` (how long, as a sentence).
    """

    key: str
    #: the numbers of days in how long it is kept
    days: Callable[[RetentionDays], Mapping[str, int]] = lambda _: {}

    def text(self, part: str, texts: Texts) -> Wording:
        """One of its texts: name, said or data."""
        return texts(f"beside.{self.key}.{part}")

    def kept(self, keep: RetentionDays, texts: Texts) -> Wording:
        """How long it is kept."""
        if self.key == "log" and not keep.log_days:
            return texts("beside.log.stays")
        return texts(
            f"beside.{self.key}.kept", **{name: texts("days", count=count) for name, count in self.days(keep).items()}
        )


BESIDE: Final = (
    KeptBeside("log", lambda keep: {"after": keep.log_days}),
    KeptBeside("files", lambda keep: {"after": keep.deliveries_days, "refused": keep.refused_deliveries_days}),
    KeptBeside("nights", lambda keep: {"after": keep.nights_days}),
    KeptBeside("comparisons", lambda keep: {"after": keep.nights_days}),
    KeptBeside("corrections", lambda keep: {"after": keep.corrections_days}),
    KeptBeside("decisions", lambda keep: {"after": keep.answered_reviews_days}),
    KeptBeside("net_media"),
    KeptBeside("blocks", lambda keep: {"after": keep.kept_blocks_days}),
    KeptBeside("erased"),
)


def privacy_page(policy: Policy, texts: Texts) -> tuple[PageSection, ...]:
    """The public page: a short summary, an introduction, the fields that libraries explain, and the rest."""
    explained = tuple(_of_several([field], policy, texts) for field in PRINTED if field.explained)
    # the parts of a name have the same purpose, so they share one paragraph
    by_purpose = groupby((field for field in PRINTED if not field.explained), key=lambda one: texts(f"field.{one.key}"))
    others = tuple(_of_several(list(fields), policy, texts) for _, fields in by_purpose)
    return (
        PageSection(texts("privacy.title"), tuple(_summary(policy, texts))),
        PageSection(texts("section.purpose"), tuple(_introduction(policy, texts))),
        PageSection(texts("section.fields"), explained),
        PageSection(texts("section.others"), (*others, Paragraph(texts("privacy.household")))),
        PageSection(texts("section.database"), tuple(Paragraph(texts(f"privacy.database.{n}")) for n in (1, 2, 3))),
        PageSection(texts("section.beside"), tuple(_beside(policy, texts))),
        PageSection(texts("section.recipients"), tuple(Paragraph(texts(f"privacy.recipients.{n}")) for n in (1, 2, 3))),
        PageSection(texts("section.rights"), tuple(Paragraph(text) for text in _rights(policy, texts))),
    )


def _summary(policy: Policy, texts: Texts) -> Iterator[Paragraph]:
    """What is kept, why, who sees it, who receives it, how long, and what a patron can do."""
    for part in ("known", "used", "staff", "others"):
        yield Paragraph(texts(f"summary.{part}"), texts(f"summary.{part}.name"))
    quiet = policy.retention.inactive_days
    ends = texts("summary.inactive", quiet=texts("days", count=quiet)) if quiet else _NOTHING
    kept = texts("summary.kept", loan=texts("days", count=policy.retention.loans_days), ends=ends)
    yield Paragraph(kept, texts("summary.kept.name"))
    contact = _given(policy.controller, "contact", texts)
    yield Paragraph(texts("summary.rights", contact=contact), texts("summary.rights.name"))


def _introduction(policy: Policy, texts: Texts) -> Iterator[Paragraph]:
    library = policy.controller
    yield Paragraph(texts("privacy.purpose"))
    yield _who(library, texts)
    yield Paragraph(texts("privacy.sources"))
    yield Paragraph(_given(library, "stored", texts), texts("privacy.where.name"))
    for part in (1, 2, 3):
        yield Paragraph(texts(f"privacy.introduction.{part}"))
    yield Paragraph(texts("privacy.as_most", before=texts("days", count=policy.retention.before_images_days)))


def _who(library: Controller, texts: Texts) -> Paragraph:
    given = {key: _given(library, key, texts) for key in ("name", "contact", "officer")}
    return Paragraph(texts("privacy.controller", **given), texts("privacy.controller.name"))


def _given(library: Controller, key: str, texts: Texts) -> Wording:
    """The library's own words, or a placeholder in brackets."""
    text = getattr(library, key)
    missing = texts(f"controller.{key}")
    return Wording(text, text) if text else Wording(f"[{missing.da}]", f"[{missing.en}]")


def _of_several(fields: list[Field], policy: Policy, texts: Texts) -> Paragraph:
    return Paragraph(field_text(fields[0], policy, texts), in_one([field.name for field in fields], between=", "))


def _beside(policy: Policy, texts: Texts) -> Iterator[Paragraph]:
    for one in BESIDE:
        yield Paragraph(in_one([one.text("said", texts), one.kept(policy.retention, texts)]), one.text("name", texts))


def _rights(policy: Policy, texts: Texts) -> Iterator[Wording]:
    """What a patron can ask for, and what ends their record without a request."""
    keep = policy.retention
    yield texts("rights.insight")
    yield texts("rights.leaving", log=texts("rights.log_ends" if keep.log_days else "rights.log_stays"))
    if keep.inactive_days:
        yield texts("rights.inactive", quiet=texts("days", count=keep.inactive_days))
    yield _death(policy, texts)
    yield texts("rights.complaint")


def _death(policy: Policy, texts: Texts) -> Wording:
    """What happens to a dead patron's record: subscribed for a time, and otherwise like any other record."""
    told, quiet = policy.dead_subscription_days, policy.retention.inactive_days
    return texts(
        "rights.death",
        still=texts("rights.death.subscribed", told=texts("days", count=told))
        if told
        else texts("rights.death.unsubscribed"),
        by_itself=texts("rights.death.inactive", quiet=texts("days", count=quiet)) if quiet else _NOTHING,
    )


def article_30(policy: Policy, texts: Texts, *, controller: str = "") -> tuple[PageSection, ...]:
    """The controller's record of processing: the data categories of the fields and of what is kept beside them.

    Args:
        policy: the library's policy, with its days and, if given, its name.
        texts: the catalogue.
        controller: name and contact of the controller, used instead of the policy's.
    """

    def item(part: str) -> Paragraph:
        return Paragraph(texts(f"processing.{part}"), texts(f"processing.{part}.name"))

    paragraphs = (
        Paragraph(_controller_text(policy, controller, texts), texts("processing.controller.name")),
        Paragraph(_given(policy.controller, "officer", texts), texts("processing.officer.name")),
        item("purpose"),
        item("people"),
        *(_category(basis, texts) for basis in Basis),
        *(_category_beside(one, policy, texts) for one in BESIDE),
        item("staff"),
        item("recipients"),
        Paragraph(
            texts("processing.abroad", where=_given(policy.controller, "stored", texts)),
            texts("processing.abroad.name"),
        ),
        Paragraph(_erasure(policy, texts), texts("processing.erasure.name")),
        item("security"),
    )
    return (PageSection(texts("processing.title"), paragraphs),)


def _category(basis: Basis, texts: Texts) -> Paragraph:
    names = in_one([field.name for field in PRINTED if field.basis is basis], between=", ")
    because = texts(f"basis.{basis.value}")
    return Paragraph(texts("processing.data", names=names, because=because), texts("processing.data.name"))


def _controller_text(policy: Policy, controller: str, texts: Texts) -> Wording:
    if controller:
        return Wording(controller, controller)
    return in_one([_given(policy.controller, "name", texts), _given(policy.controller, "contact", texts)], between=", ")


def _category_beside(one: KeptBeside, policy: Policy, texts: Texts) -> Paragraph:
    data, kept = capital(one.text("data", texts)), one.kept(policy.retention, texts)
    return Paragraph(in_one([data, kept], between=". "), one.text("name", texts))


def _erasure(policy: Policy, texts: Texts) -> Wording:
    keep, quiet = policy.retention, policy.retention.inactive_days
    lines = [
        (FIELD["loans"].name, keep.loans_days),
        (texts("processing.erased.fees"), keep.fees_days),
        (texts("processing.erased.compensations"), keep.compensation_days),
        (texts("processing.erased.messages"), keep.message_days),
        (texts("processing.erased.dead"), policy.dead_subscription_days),
        (texts("processing.erased.blocks"), keep.blocks_days),
        (texts("processing.erased.kept_blocks"), keep.kept_blocks_days),
        (texts("processing.erased.before"), keep.before_images_days),
    ]
    periods = in_one([in_one([name, texts("days", count=count)], between=": ") for name, count in lines], between="; ")
    inactive = (
        texts("processing.inactive", quiet=texts("days", count=quiet)) if quiet else texts("processing.inactive.never")
    )
    return in_one([periods, inactive, texts("processing.erased.rest")], between="")
