"""What to do next about a night and its deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.cli.texts.advice.general import AGAIN, advice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.cli.texts.advice.general import Advice

#: How a file that no night can take is set aside; FILE is the one that the message names.
_ASIDE_DA: Final = (
    'Kommer den aldrig hel: `cprsync feed discard FIL --reason "…"` lægger filen ovenfor til side for altid.'
)
_ASIDE_EN: Final = (
    "If it never comes whole: `cprsync feed discard FILE --reason TEXT` sets the file above aside for good."
)

NIGHT: Final[Mapping[str, Advice]] = {
    "delivery.damaged": advice(
        1,
        f"Bed platformen om at levere filen igen; filen bliver liggende, hvor den er. {_ASIDE_DA}",
        f"Ask the platform to deliver the file again; the file stays where it is. {_ASIDE_EN}",
    ),
    "delivery.behind_gap": advice(
        1,
        'Den skal bruges, ikke lægges til side: `cprsync feed accept FIL --reason "…"` går over hullet før den.',
        "It is to be taken, not set aside: `cprsync feed accept FILE --reason TEXT` goes over the gap before it.",
    ),
    "delivery.discarded": advice(
        1,
        "Der er intet at gøre: ingen nat ser på den. Kør `cprsync sync`.",
        "There is nothing to do: no night looks at it. Run `cprsync sync`.",
    ),
    "delivery.taken": advice(
        1,
        "Ingen nat standser ved den. Ligger en anden fil af samme navn på disken, så nævn den med dens mappe (./FIL).",
        "No night stops at it. If you mean another file of that name on disk, name it with its folder (./FILE).",
    ),
    "delivery.no_copy": advice(
        1,
        "Se i beskeden fra `cprsync sync`, hvordan hashen begynder; en fil, der ikke er hentet endnu, ser `cprsync "
        "sync` på først.",
        "See in the message of `cprsync sync` how the hash begins; `cprsync sync` first looks at a file that was not "
        "fetched yet.",
    ),
    "delivery.forgotten": advice(
        1,
        "Bed platformen om at levere filen igen.",
        "Ask the platform to deliver the file again.",
    ),
    "delivery.empty": advice(
        1,
        f"Bed platformen om at levere filen igen. {_ASIDE_DA}",
        f"Ask the platform to deliver the file again. {_ASIDE_EN}",
    ),
    "delivery.encoding": advice(
        1,
        f"Filen er blevet omsat undervejs: hent den igen binært. {_ASIDE_DA}",
        f"The file was converted on its way: fetch it again as binary. {_ASIDE_EN}",
    ),
    "delivery.foreign": advice(
        1,
        "En anden fil ligger på leverancens plads, og intet af den er taget: fjern den fra det sted, den blev leveret "
        '(IN), eller læg den til side: `cprsync feed discard FIL --reason "…"`; og bed platformen om leverancen.',
        "Another file lies in the delivery's place, and nothing of it was taken: remove it from the place it was "
        "delivered to (IN), or set it aside: `cprsync feed discard FILE --reason TEXT`; ask the platform for the "
        "delivery.",
    ),
    "delivery.future": advice(
        1,
        "Bed platformen om den rigtige fil, og se på denne maskines dato. "
        'Er filen forkert: `cprsync feed discard FIL --reason "…"`.',
        "Ask the platform for the right file, and look at this machine's date. "
        "If the file is wrong: `cprsync feed discard FILE --reason TEXT`.",
    ),
    "delivery.gap": advice(
        1,
        "Bed platformen om den leverance, der mangler; de ventende følger af sig selv. "
        'Er den væk for altid: `cprsync feed accept FIL --reason "…"` går videre uden den; '
        "FIL er den ventende leverance nævnt ovenfor, ikke den, der mangler.",
        "Ask the platform for the missing delivery; the waiting ones follow by themselves. "
        "Gone for good: `cprsync feed accept FILE --reason TEXT` goes on without it; "
        "FILE is the waiting delivery named above, not the missing one.",
    ),
    "delivery.late": advice(
        4,
        "Prøv igen senere; bliver den væk, så spørg platformen.",
        "Try again later; if it stays away, ask the platform.",
    ),
    "delivery.no_room": advice(
        2,
        "Skaf plads i mappen til midlertidige filer (TMPDIR), og kør igen.",
        "Make room in the folder of temporary files (TMPDIR), and run again.",
    ),
    "delivery.not_fetched": advice(
        1,
        "Kør `cprsync sync`: den ser på filen, og nævner den, hvis den standser natten.",
        "Run `cprsync sync`: it looks at the file, and names it if it stops the night.",
    ),
    "delivery.not_stopped": advice(
        1,
        "Intet skal godkendes eller lægges til side: kør `cprsync sync`, som tager det, der er i kæde.",
        "Nothing is to be accepted or set aside: run `cprsync sync`, which takes what is in chain.",
    ),
    "delivery.product": advice(
        1,
        "Filen er af et andet produkt: kontrollér aftalens opgave og indhold. "
        'Ingen nat går forbi den før `cprsync feed discard FIL --reason "…"`.',
        "The file is of another product: check the agreement's task and its contents. "
        "No night passes it before `cprsync feed discard FILE --reason TEXT`.",
    ),
    "delivery.replaced": advice(
        1,
        "Spørg platformen, hvilken af de to der er rigtig; intet af den nye er taget. "
        'Er det den nye: `cprsync feed accept FIL --reason "…"`. '
        "Er det den første: fjern den anden fil fra det sted, den blev leveret (IN), "
        'eller læg den til side: `cprsync feed discard FIL --reason "…"`.',
        "Ask the platform which of the two is right; nothing of the new one was taken. "
        "It is the new one: `cprsync feed accept FILE --reason TEXT`. "
        "It is the first: remove the other file from the place it was delivered to (IN), "
        "or set it aside: `cprsync feed discard FILE --reason TEXT`.",
    ),
    "delivery.task": advice(
        1,
        "Filen hører til en anden aftale: kontrollér `task` i [library.feed]. "
        'Er den ikke vores: `cprsync feed discard FIL --reason "…"`.',
        "The file belongs to another agreement: check `task` in [library.feed]. "
        "If it is not ours: `cprsync feed discard FILE --reason TEXT`.",
    ),
    "delivery.too_large": advice(
        1,
        f"Filen er større, end en leverance kan være: spørg platformen. {_ASIDE_DA}",
        f"The file is larger than a delivery can be: ask the platform. {_ASIDE_EN}",
    ),
    "delivery.unfinished": advice(
        4,
        "Prøv igen, når overførslen er slut. Er den slut og filen hel: "
        f'`cprsync feed accept FIL --reason "…"`. {_ASIDE_DA}',
        "Try again when the transfer has ended. If it has, and the file is whole: "
        f"`cprsync feed accept FILE --reason TEXT`. {_ASIDE_EN}",
    ),
    "delivery.unknown": advice(
        1,
        "Nævn en leverance, der venter, med det navn `cprsync sync` giver den, eller en fil på disken. "
        "Efter et hul i kæden er det den, der følger efter den manglende, ikke den manglende selv.",
        "Name a delivery that waits as `cprsync sync` names it, or a file on disk. "
        "After a gap it is the one behind the missing one, not the missing one itself.",
    ),
    "interrupted": AGAIN,
    "output.lost": advice(
        7,
        "Skaf plads dér, hvor svaret skal hen; `cprsync runs list` fortæller, hvad der blev gjort.",
        "Make room where the answer goes; `cprsync runs list` tells what was done.",
    ),
    "plan.file": advice(
        2,
        "Nævn en fil med --plan, der kan skrives til, og kør igen.",
        "Name a file with --plan that can be written to, and run again.",
    ),
    "run.balance": advice(
        7,
        "Meld det: kørslens tal går ikke op. Det, der er skrevet, står.",
        "Report this: the run's numbers do not add up. What is committed stands.",
    ),
    "run.braked": advice(
        5,
        "Se, hvad der ville være sket: `cprsync runs show N`. Er natten forkert, så bed platformen om en ny fil. "
        "Er den rigtig, så hæv hver grænse nævnt ovenfor i policy.toml for én nat (guard.KLASSE.count), "
        "kør `cprsync sync` igen, og sæt den tilbage.",
        "See what would have happened: `cprsync runs show N`. If the night is wrong, ask the platform for a new file. "
        "If it is right, raise each limit named above in policy.toml for one night (guard.CLASS.count), "
        "run `cprsync sync` again, and set it back.",
    ),
    "run.unknown": advice(1, "Se nætterne med `cprsync runs list`.", "See the nights with `cprsync runs list`."),
}
