"""Shows whose record it is, before staff confirm a change to it or its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.local import Stage
from cprsync.domain.person.age import age_on
from cprsync.services.desk.showing import patron_document

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.desk import PatronView


def whose_document(view: PatronView | None, policy: Policy, *, on: date) -> dict[str, Any]:
    """Name, age and cards. Leaves out the name of a protected patron, and everything about a patron who has left."""
    if view is None or view.stage is Stage.CLOSED:
        return {"name": None, "age": None, "cards": [], "protected": False}
    # no field names the library, so it may be empty here
    shown, patron = patron_document(view, policy, agency="", on=on), view.patron
    counts = effective(patron, policy, on=on)
    age = None if counts.birth is None else age_on(counts.birth.day, on, leap=policy.ladders.leap)
    fields = shown["fields"]
    return {
        "name": fields["name"]["value"],
        "age": age,
        "cards": list(fields["cards"]["value"] or ()),
        "protected": shown["protected"],
    }
