"""Whether a patron may be written to: the dead, the protected, silent groups, and what she gave herself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import dies, gains_protection, patron, person, street

from cprsync.domain.lending.contacting import About, ContactFacts, ContactRule, ContactWay, contact_facts, may_contact
from cprsync.domain.lending.standing import Ruling
from cprsync.domain.patron.local import Email, Local, Telephone
from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.person.person import SILENT, Status
from cprsync.domain.policy.policy import LetterRules, PatronGroup, Policy

if TYPE_CHECKING:
    from cprsync.domain.person.person import Person

LOCAL = Local(telephones=(Telephone("20212223", notices=True),), emails=(Email("anna@example.org", notices=True),))
UNMARKED = Local(telephones=(Telephone("20212223"),), emails=(Email("anna@example.org"),))
POLICY = Policy(groups=(PatronGroup("Institution", reminders=False),))
TODAY = date(2027, 3, 22)
YES = {
    ContactWay.LETTER: ContactRule.ADDRESS,
    ContactWay.SMS: ContactRule.TELEPHONE,
    ContactWay.EMAIL: ContactRule.EMAIL,
}


def reach(who: Person | None = None, local: Local = LOCAL, **deviations: Any) -> ContactFacts:
    """ANNA, who can be reached in every way."""
    usual = ContactFacts(who or person("ANNA"), local, "Voksen", stopped=False, sealed=False, holding={})
    return replace(usual, **deviations)


def rules(
    one: ContactFacts, channel: ContactWay, about: About = About.NOTICE, by: Policy = POLICY
) -> tuple[ContactRule, ...]:
    return may_contact(one, channel, about, by).rules


@pytest.mark.parametrize("channel", ContactWay)
@pytest.mark.parametrize("about", About)
def test_who_can_be_reached_is_and_it_is_said_by_what(channel: ContactWay, about: About) -> None:
    assert may_contact(reach(), channel, about, POLICY) == Ruling(allowed=True, rules=(YES[channel],))


@pytest.mark.parametrize("channel", ContactWay)
@pytest.mark.parametrize("about", About)
@pytest.mark.parametrize("dead", [reach(dies(person("ANNA"))), reach(stopped=True)], ids=["dead", "letters stopped"])
def test_nothing_at_all_is_sent_to_the_dead(dead: ContactFacts, channel: ContactWay, about: About) -> None:
    """Decision 3: also while the rest of a death waits for a person."""
    silent = replace(dead, group="Institution", local=Local())
    for one in (dead, silent):
        assert may_contact(one, channel, about, POLICY) == Ruling(allowed=False, rules=(ContactRule.DEAD,))


# -- protection ------------------------------------------------------------------------------------------


def test_a_letter_to_the_protected_waits_for_a_reasoned_reveal() -> None:
    protected = reach(gains_protection(person("ANNA")), sealed=True)
    assert rules(protected, ContactWay.LETTER) == (ContactRule.REVEAL_FIRST,)
    opened = replace(protected, person=person("ANNA"), sealed=False)
    assert rules(opened, ContactWay.LETTER) == (ContactRule.ADDRESS,)


def test_whose_protection_nobody_has_spoken_of_is_not_written_to_unopened() -> None:
    assert rules(reach(sealed=True), ContactWay.LETTER) == (ContactRule.REVEAL_FIRST,)


@pytest.mark.parametrize("channel", [ContactWay.SMS, ContactWay.EMAIL])
def test_the_protected_are_told_by_what_they_gave_themselves(channel: ContactWay) -> None:
    assert rules(reach(gains_protection(person("ANNA")), sealed=True), channel) == (YES[channel],)


# -- groups and the library ------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ContactWay)
def test_a_group_without_reminders_gets_everything_else(channel: ContactWay) -> None:
    institution = reach(group="Institution")
    ruling = may_contact(institution, channel, About.REMINDER, POLICY)
    assert ruling == Ruling(allowed=False, rules=(ContactRule.GROUP_SILENT,))
    assert rules(institution, channel, About.NOTICE) == rules(institution, channel, About.BILL) == (YES[channel],)


def test_a_library_may_send_nothing_on_paper() -> None:
    paperless = replace(POLICY, letters=LetterRules(on_paper=False))
    assert rules(reach(), ContactWay.LETTER, by=paperless) == (ContactRule.NO_PAPER,)
    assert rules(reach(), ContactWay.SMS, by=paperless) == (ContactRule.TELEPHONE,)


def test_a_no_names_every_reason() -> None:
    paperless = replace(POLICY, letters=LetterRules(on_paper=False))
    nowhere = reach(person("ANNA", status=Status.DISAPPEARED), group="Institution")
    assert rules(nowhere, ContactWay.LETTER, About.REMINDER, paperless) == (
        ContactRule.GROUP_SILENT,
        ContactRule.NO_PAPER,
        ContactRule.NO_ADDRESS,
    )


# -- what there is to write to ---------------------------------------------------------------------------


@pytest.mark.parametrize("local", [Local(), UNMARKED], ids=["none given", "none marked for notices"])
def test_a_message_goes_to_what_is_marked_for_notices_only(local: Local) -> None:
    assert rules(reach(local=local), ContactWay.SMS) == (ContactRule.NO_TELEPHONE,)
    assert rules(reach(local=local), ContactWay.EMAIL) == (ContactRule.NO_EMAIL,)


@pytest.mark.parametrize(
    ("status", "rule"),
    [
        (Status.RESIDENT, ContactRule.ADDRESS),
        (Status.GREENLAND, ContactRule.ADDRESS),
        (Status.EMIGRATED, ContactRule.NO_ADDRESS),
        (Status.DISAPPEARED, ContactRule.NO_ADDRESS),
        (SILENT, ContactRule.NO_ADDRESS),
    ],
)
def test_a_letter_goes_where_the_status_lets_it_go(status: Status, rule: ContactRule) -> None:
    gone = replace(person("ANNA"), status=status, address=street("HAVNEN"))
    assert rules(reach(gone), ContactWay.LETTER) == (rule,)
    own = replace(LOCAL, contact_address=("Havnen 2", "8000 Aarhus C"))
    assert rules(reach(gone, own), ContactWay.LETTER) == (ContactRule.ADDRESS,)


def test_an_address_that_staff_corrected_is_an_address() -> None:
    nowhere = replace(person("ANNA"), address=SILENT)
    corrected = Override(Overridden.ADDRESS, "Havnen 2\n8000 Aarhus C", "kaj", "set brev", date(2027, 3, 1), None, id=1)
    assert rules(reach(nowhere), ContactWay.LETTER) == (ContactRule.NO_ADDRESS,)
    assert rules(reach(nowhere, holding={Overridden.ADDRESS: corrected}), ContactWay.LETTER) == (ContactRule.ADDRESS,)


def test_a_childs_letters_go_to_the_childs_own_address() -> None:
    assert rules(reach(person("WILMA"), group="Barn"), ContactWay.LETTER) == (ContactRule.ADDRESS,)


REACHES = st.builds(
    lambda status, group, **flags: reach(replace(person("ANNA"), status=status), group=group, **flags),
    st.sampled_from(Status),
    st.sampled_from(["Voksen", "Institution"]),
    stopped=st.booleans(),
    sealed=st.booleans(),
)


@given(REACHES, st.sampled_from(ContactWay), st.sampled_from(About))
def test_an_answer_is_yes_with_what_reaches_her_or_no_with_what_forbids(
    one: ContactFacts, channel: ContactWay, about: About
) -> None:
    ruling = may_contact(one, channel, about, POLICY)
    assert ruling.allowed is (ruling.rules == (YES[channel],))
    assert ruling.allowed or not set(ruling.rules) & set(YES.values())
    assert not (ruling.allowed and (one.stopped or one.person.status is Status.DEAD))


# -- what counts of a patron -----------------------------------------------------------------------------


def test_what_counts_of_a_patron_is_what_is_in_force_on_the_day() -> None:
    pin = Override(Overridden.GROUP, "Institution", "kaj", "skole", date(2027, 3, 1), date(2027, 3, 23), id=1)
    pinned = replace(patron("ANNA"), group="Voksen", overrides=(pin,))
    during, after = (contact_facts(pinned, LOCAL, POLICY, on=date(2027, 3, day)) for day in (23, 24))
    assert (during.group, during.holding) == ("Institution", {Overridden.GROUP: pin})
    assert (after.group, after.holding) == ("Voksen", {})
    assert (after.person, after.local) == (pinned.register, LOCAL)
    assert (after.stopped, after.sealed) == (False, False)


def test_the_sealed_are_so_and_the_silent_as_the_policy_says() -> None:
    protected = replace(patron("ANNA"), register=gains_protection(person("ANNA")))
    silent = replace(patron("ANNA"), register=person("ANNA", protection=SILENT))
    for one in (protected, silent):
        assert contact_facts(one, LOCAL, POLICY, on=TODAY).sealed
    assert not contact_facts(silent, LOCAL, replace(POLICY, silent_is_sealed=False), on=TODAY).sealed


def test_letters_that_were_stopped_are() -> None:
    assert contact_facts(replace(patron("ANNA"), letters_stopped=TODAY), LOCAL, POLICY, on=TODAY).stopped
