"""Shows one patron's rights to net media, and verifies what is stored of everyone's rights and accounts.

Showing changes nothing and opens nothing. The municipality is shown even for a protected patron, because rights depend
on it. Verifying compares every record with what is stored and what CULR holds, page by page, and writes nothing. Rights
that are due and effects in the outbox count as waiting, not as wrong. Stored rights that differ from what the night
will derive are counted separately.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from cprsync.catalogues import rule_words
from cprsync.domain.netmedia.drift import NetMediaFault, find_drift, find_wrong_rights, is_untold, named_block_reasons
from cprsync.domain.netmedia.right_day import right_facts
from cprsync.domain.netmedia.right_rule import ChangeCause, RightByRule, RightRule
from cprsync.domain.netmedia.rights import STORED_FORM, rights_of
from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.fields import FIELD
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.override import Overridden, in_force
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.person.municipality import Residence
from cprsync.domain.wording import Wording
from cprsync.errors import BadInput
from cprsync.services.desk.viewing import unmerged_view_of
from cprsync.services.ports.netmedia import AccountState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cprsync.domain.netmedia.right_day import RightFacts
    from cprsync.domain.netmedia.rights import Right
    from cprsync.domain.person.municipality import Municipalities
    from cprsync.errors import CprsyncError
    from cprsync.services.ports.desk import PatronView
    from cprsync.services.ports.netmedia import Account, RecordWithRights
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.store import Library


#: Records that are open at the same time.
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class MunicipalityInForce:
    """Where the patron lives, by whose word, and since when. Shown for a protected patron too: rights depend on it."""

    code: str | None
    name: str | None
    residence: Residence
    #: `staff`, or what the register's word came by; None: nobody has said it
    source: str | None
    since: date | None


@dataclass(frozen=True, slots=True)
class ReasonedRight:
    """One right, why, and what would change it. The days are those of `domain.netmedia.rights.Right`."""

    product: str
    title: Wording
    answer: RightByRule
    rule: RightRule
    fact: str
    valid_from: date | None
    until: date | None
    #: a day is kept back: it would tell the birth date of a sealed patron
    withheld: bool
    from_age: int | None
    changes_when: ChangeCause
    text: Wording
    why: Wording
    change: Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRights:
    """A patron's rights to net media on a day with their reasons, and what CULR has been told."""

    patron: str
    day: date
    kind: PatronKind
    standing: Stage
    municipality: MunicipalityInForce
    rights: tuple[ReasonedRight, ...]
    culr: AccountState


@dataclass(frozen=True, slots=True)
class Entitlements:
    """Shows the rights of a library's patrons, and the list of municipalities for their names."""

    library: Library
    municipalities: Municipalities

    def shown(self, patron_id: str, *, on: date | None = None) -> ShownRights:
        """The rights by the present record, for today or another day.

        For a sealed patron, the days that follow from the birth date are left out, and no other day may be asked for:
        the answers would change on the birthday. Raises BadInput: there is no such patron, they were merged into
        another, or they are sealed and another day is asked for.
        """
        return self.shown_by(unmerged_view_of(self.library.store, patron_id), on=on)

    def shown_by(self, view: PatronView, *, on: date | None = None) -> ShownRights:
        """Same as `shown`, for a patron whose record was read already."""
        patron_id, today = view.patron.id, self.library.clock.today()
        day, facts = on or today, facts_of(view)
        sealed = view.is_sealed(self.library.policy)
        if sealed and day != today:
            raise BadInput("the patron is sealed: the rights of another day would tell the birth date", kind="input")
        rights = rights_of(facts, self.library.policy, day)
        return ShownRights(
            patron=patron_id,
            day=day,
            kind=view.patron.kind,
            standing=view.stage,
            municipality=self._municipality(view, facts, day),
            rights=tuple(_reasoned(right.without_birth_days if sealed else right) for right in rights),
            culr=self.library.store.outbox.account_state(patron_id),
        )

    def _municipality(self, view: PatronView, facts: RightFacts, day: date) -> MunicipalityInForce:
        now = effective(facts, self.library.policy, on=day)
        typed = in_force(facts.overrides, day).get(Overridden.MUNICIPALITY)
        known = self.municipalities.by_code.get(now.municipality or "")
        as_of = view.patron.as_of
        source = None if as_of is None or now.municipality is None else as_of.source.value
        return MunicipalityInForce(
            code=now.municipality,
            name=None if known is None else known.name,
            residence=now.residence,
            source=source if typed is None else "staff",
            since=facts.municipality_since if typed is None else typed.since,
        )


def facts_of(view: PatronView) -> RightFacts:
    """A record as the rules of rights need it, with the days on which runs wrote what rights depend on."""
    return right_facts(
        view.patron,
        view.local,
        stage=view.stage,
        municipality_since=_since(view.since, "municipality"),
        status_since=_since(view.since, "status"),
        status_turned=max((view.since[kind] for kind in FIELD["status"].given_by if kind in view.since), default=None),
    )


def _since(since: Mapping[str, date], field: str) -> date | None:
    """The last day on which an action gave the field its value. None: no such day is recorded."""
    return max((since[kind] for kind in (*FIELD[field].given_by, "first_copy") if kind in since), default=None)


def _reasoned(right: Right) -> ReasonedRight:
    return ReasonedRight(
        product=right.product,
        title=right.title,
        answer=right.answer,
        rule=right.rule,
        fact=right.fact,
        valid_from=right.valid_from,
        until=right.until,
        withheld=right.withheld,
        from_age=right.from_age,
        changes_when=right.changes_when,
        text=right.text(rule_words),
        why=right.why(rule_words),
        change=rule_words(f"change.{right.changes_when.value}"),
    )


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked, and what is wrong. Each page of patrons makes a new one."""

    #: CULR was not asked: the user did not want it, or it is not set up
    offline: bool
    #: whether a CULR is set up, and whether the policy has products
    has_net_media: bool = True
    has_products: bool = True
    patrons: int = 0
    #: patrons with rights still to be derived; `accounts_waiting`: patrons with an effect that waits, or without an
    #: answer
    rights_waiting: int = 0
    #: of these, patrons with stored rights that differ from what the night will derive
    rights_differing: int = 0
    accounts_waiting: int = 0
    #: patrons who must still be told of the setting for their cards, and accounts of cards that stay without it
    cards_waiting: int = 0
    cards_stay: int = 0
    read: int = 0
    #: each fault with its patron
    faults: tuple[tuple[NetMediaFault, str], ...] = ()
    #: patrons who are leaving: rights closed, and a municipality in CULR until the record is closed
    leaving: int = 0
    #: products with block reasons in the policy that occur on no record, and may be misspelt
    reasons: frozenset[tuple[str, str]] = frozenset()
    #: why not all was checked; None: all was
    error: CprsyncError | None = None

    @property
    def wrong(self) -> dict[NetMediaFault, list[str]]:
        """The patrons by fault."""
        return {kind: [patron for one, patron in self.faults if one is kind] for kind in NetMediaFault}

    @property
    def ok(self) -> bool:
        """Whether nothing wrong was found. What was not checked may still be wrong."""
        return not any(self.wrong.values())

    def document(self) -> dict[str, Any]:
        """The shape of `entitlements verify`, for every exit code."""
        return {
            "patrons": self.patrons,
            "offline": self.offline,
            "net_media": self.has_net_media,
            "products": self.has_products,
            "read": self.read,
            "waiting": {
                "rights": self.rights_waiting,
                "rights_differing": self.rights_differing,
                "culr": self.accounts_waiting,
                "cards": self.cards_waiting,
            },
            "cards_stay": self.cards_stay,
            "wrong": {kind.value: len(patrons) for kind, patrons in self.wrong.items()},
            "leaving": self.leaving,
            "reasons_on_no_record": [{"product": one, "reason": reason} for one, reason in sorted(self.reasons)],
            "who": {kind.value: patrons for kind, patrons in self.wrong.items() if patrons},
            "ok": self.ok and self.error is None,
        }


def derive_wrong_again(night: Night, *, dry_run: bool) -> list[str]:
    """Derive at once the rights that do not follow from the record. Return the patrons. CULR is not asked.

    Raises RunBusy while a night runs.
    """
    wrong = verify(night, offline=True).wrong[NetMediaFault.RIGHTS]
    if wrong and not dry_run:
        with night.store.runs.lock():
            night.store.rights.derive_again(wrong, night.policy, on=night.clock.today())
    return wrong


def verify(night: Night, *, offline: bool) -> Verified:
    """Check every patron. If CULR does not answer, the error is in the result beside the findings.

    Raises RunBusy while a night runs, because a half-finished night would look wrong.
    """
    with night.store.runs.lock():
        night.progress.stage("verify", night.store.patrons.count())
        derived, cards = _derived(night), night.store.card_accounts.state()
        found = Verified(
            offline=offline or night.net_media is None,
            has_net_media=night.net_media is not None,
            has_products=derived is not None,
            accounts_waiting=night.store.accounts.count_left_out(),
            cards_waiting=cards.left,
            cards_stay=cards.accounts if cards.stays else 0,
            faults=tuple((NetMediaFault.VERSIONS, one) for one in night.store.account_repairs.wrong_versions()),
            reasons=frozenset(named_block_reasons(night.policy)),
        )
        together = min(night.batch, AT_ONCE)
        after: str | None = ""
        while after is not None:
            page = night.store.account_repairs.checked_page(after, together)
            found = _check_rights(night, page, found, derived=derived)
            found = _check_accounts(night, night.store.accounts.wanted([one.patron.id for one in page]), found)
            night.progress.advance(len(page))
            after = page[-1].patron.id if len(page) == together else None
    return found


def _derived(night: Night) -> bool | None:
    """Whether rights are stored by the present policy. None: it has no products, and nothing is stored."""
    stamp, kept = night.policy.rights_stamp(STORED_FORM), night.store.rights.stamp()
    return None if stamp is None and kept is None else stamp == kept


def _check_rights(night: Night, page: Sequence[RecordWithRights], found: Verified, *, derived: bool | None) -> Verified:
    here = [one for one in page if not one.gone]
    stand = {block.reason.casefold() for one in here for block in one.local.blocks}
    found = replace(
        found,
        patrons=found.patrons + len(here),
        leaving=found.leaving + sum(one.stage is Stage.LEAVING and one.patron.borrows for one in here),
        reasons=frozenset(named for named in found.reasons if named[1] not in stand),
    )
    if derived is None:
        return found
    today = night.clock.today()
    waiting, differing, faults = 0, 0, []
    for one in here:
        wrong = list(find_wrong_rights(one.patron, one.local, one.stage, one.rights, policy=night.policy, on=today))
        if one.waits or not derived:
            waiting += 1
            # if no rights are stored yet, nothing is told meanwhile that the night will take back
            differing += bool(wrong) and one.rights is not None
        else:
            faults += [(kind, one.patron.id) for kind in wrong]
    return replace(
        found,
        rights_waiting=found.rights_waiting + waiting,
        rights_differing=found.rights_differing + differing,
        faults=(*found.faults, *faults),
    )


def _check_accounts(night: Night, accounts: Sequence[Account], found: Verified) -> Verified:
    """Check the accounts for which nothing waits: CULR was told what the record says, and still holds it.

    The second check is left out if CULR is not to be asked.
    """
    from cprsync.services.netmedia.publishing import answers_of, asked_of  # showing rights needs none of it

    untold = {one.patron_id for one in accounts if is_untold(one.want.municipality, one.last, told=one.told)}
    found = replace(found, faults=(*found.faults, *((NetMediaFault.UNTOLD, one) for one in sorted(untold))))
    if found.offline:
        return found
    asked = asked_of([one for one in accounts if one.patron_id not in untold])
    if found.error is not None:
        waiting = len({one.patron_id for one, _ in asked.values()})
        return replace(found, accounts_waiting=found.accounts_waiting + waiting)
    answers, seen = answers_of(night, asked)
    drifted = [
        (NetMediaFault(drift.value), asked[identity][0].patron_id)
        for identity, held in answers.items()
        for drift in find_drift(identity, asked[identity][1], held, agency=night.agency)
    ]
    foreign = [patron_id for kind, patron_id in drifted if kind is NetMediaFault.FOREIGN]
    stands = night.store.account_repairs.let_stand(foreign) if foreign else set()
    faults = [(kind, one) for kind, one in drifted if kind is not NetMediaFault.FOREIGN or one not in stands]
    return replace(
        found,
        read=found.read + seen.read,
        accounts_waiting=found.accounts_waiting + seen.left_out,
        error=seen.error,
        faults=(*found.faults, *faults),
    )
