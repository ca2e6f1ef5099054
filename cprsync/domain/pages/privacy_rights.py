"""What a patron can ask for, and what ends their record without a request: the last part of the privacy page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.pages.page import days
from cprsync.domain.pages.privacy_words import COMPLAINT, INSIGHT, LEAVING, LOG_ENDS, LOG_STAYS
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.domain.policy.policy import Policy


def asked_for(policy: Policy) -> Iterator[Wording]:
    """One sentence after another, with the library's own days."""
    quiet = days(policy.retention.inactive_days)
    yield INSIGHT
    log = LOG_ENDS if policy.retention.log_days else LOG_STAYS
    yield Wording(f"{LEAVING.da}{log.da}", f"{LEAVING.en}{log.en}")
    if policy.retention.inactive_days:
        yield Wording(
            f"Har du ikke brugt biblioteket i {quiet.da}, og har du hverken lån, gæld eller et barn at svare for,"
            " slutter lånerforholdet af sig selv. Derfor huskes den sidste dag, vi ved, du brugte biblioteket.",
            f"If you have not used the library for {quiet.en}, and have neither loans nor debts nor a child to"
            " answer for, you stop being a patron by itself. The last day on which we know that you used the library"
            " is kept for that.",
        )
    yield _death(policy)
    yield COMPLAINT


def _death(policy: Policy) -> Wording:
    """What happens to a dead patron's record: subscribed for a time, and otherwise like any other record."""
    told, quiet = days(policy.dead_subscription_days), days(policy.retention.inactive_days)
    still = Wording(
        f"CPR sender os ændringer om den døde i {told.da} endnu, så en fejl kan rettes."
        if policy.dead_subscription_days
        else "Dagen efter beder vi CPR om ikke at sende flere ændringer om den døde.",
        f"CPR goes on telling us of changes about the dead for {told.en}, so that a mistake can be put right."
        if policy.dead_subscription_days
        else "The day after we ask CPR to tell us of no more changes about the dead.",
    )
    by_itself = Wording(
        f" eller biblioteket ikke har været brugt i {quiet.da}" if policy.retention.inactive_days else "",
        f" or the library has not been used for {quiet.en}" if policy.retention.inactive_days else "",
    )
    return Wording(
        f"Dør en låner, sender vi ikke flere breve til låneren. {still.da} Oplysningerne slettes, når intet er"
        f" udestående, og personalet melder låneren ud{by_itself.da}.",
        f"When a patron dies, we send no more letters. {still.en} The data are erased when nothing is open and staff"
        f" end it{by_itself.en}.",
    )
