"""What to do next, by the kind of an error: its exit code and the advice, in both languages. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync import errors
from cprsync.cli.texts.advice.general import AGAIN, advice
from cprsync.cli.texts.advice.night import NIGHT
from cprsync.cli.texts.advice.patrons import PATRONS
from cprsync.cli.texts.advice.register import REGISTER
from cprsync.cli.texts.advice.store import STORE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.cli.texts.advice.general import Advice

_LATER: Final = advice(4, "Prøv igen senere.", "Try again later.")

#: The most specific kind first. A kind that is missing here uses its parents' advice, then its error's class.
BY_KIND: Final[Mapping[str, Advice]] = {**NIGHT, **REGISTER, **STORE, **PATRONS}

#: The most specific class first.
BY_CLASS: Final[tuple[tuple[type[errors.CprsyncError], Advice], ...]] = (
    (
        errors.ConfigurationError,
        advice(2, "Ret indstillingen, og kør kommandoen igen.", "Mend the setting and run the command again."),
    ),
    (
        errors.DeliveryRefused,
        advice(1, "Bed platformen om at levere filen igen.", "Ask the platform to deliver the file again."),
    ),
    (
        errors.BadInput,
        advice(1, "Ret det indtastede, og kør kommandoen igen.", "Mend the input and run the command again."),
    ),
    (errors.DeliveryLate, _LATER),
    (errors.RunBusy, advice(4, "Vent, til den anden kørsel er slut.", "Wait until the other run has ended.")),
    (errors.RunStopped, AGAIN),
    (errors.NoSuchPerson, advice(1, "Kontrollér nummeret med låneren.", "Check the number with the patron.")),
    (
        errors.RegisterUnavailable,
        _LATER,
    ),
    (
        errors.RegisterRefused,
        advice(
            1,
            "Kontrollér aftalen i [library.register] med platformen.",
            "Check the agreement in [library.register] with the platform.",
        ),
    ),
    (
        errors.BadAnswer,
        advice(
            1,
            "Meld det til platformen; svaret er ikke brugt.",
            "Report this to the platform; the answer was not used.",
        ),
    ),
    (
        errors.NetMediaUntrusted,
        advice(
            2,
            "Kontrollér værtsnavnet og filen `ca` i [library.culr]; intet sendes, før de passer sammen.",
            "Check the host name and the `ca` file of [library.culr]; nothing is sent until they agree.",
        ),
    ),
    (
        errors.NetMediaUnavailable,
        advice(
            4,
            "Prøv igen senere; hvad CULR skal høre, venter i rækkefølge.",
            "Try again later; what CULR is to hear waits in its order.",
        ),
    ),
    (
        errors.NetMediaRefused,
        advice(
            2,
            "Kontrollér user, group og password_file i [library.culr] med DBC; det, CULR skal høre, venter.",
            "Check user, group and password_file of [library.culr] with DBC; what CULR is to hear waits.",
        ),
    ),
    (errors.LostCompare, AGAIN),
    (
        errors.FenceLost,
        advice(
            7,
            "En nyere kørsel har taget over; se `cprsync runs list`.",
            "A newer run has taken over; look at `cprsync runs list`.",
        ),
    ),
)
UNEXPECTED: Final = advice(
    7,
    "Kør kommandoen igen: den fortsætter, hvor den slap. Går det galt igen, så meld det.",
    "Run the command again: it goes on where it stopped. If it fails again, report it.",
)
