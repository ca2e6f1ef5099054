"""What a library has lived before a test begins: four patrons and their first night."""

from __future__ import annotations

from typing import TYPE_CHECKING

from townspeople import gains_protection, person

if TYPE_CHECKING:
    from doubles import Library

#: Patrons after their first night. BO is protected.
PATRONS = ("ANNA", "BO", "CLARA", "DAVID")


def begin(library: Library) -> None:
    """Live the first night."""
    library.enrol(*PATRONS)
    library.register.knows(*(person(key) for key in PATRONS if key != "BO"), gains_protection(person("BO")))
    library.deliver(library.clock.today().replace(day=19))
    library.one_night()
    library.register.looked_up.clear()
