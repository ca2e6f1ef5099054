"""The words of the reports, Danish first and English second. Holds no numbers and no names of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from cprsync.cli.texts.words.audit import AUDIT
from cprsync.cli.texts.words.demo import DEMO
from cprsync.cli.texts.words.desk import DESK
from cprsync.cli.texts.words.netmedia import NET_MEDIA
from cprsync.cli.texts.words.night import NIGHT
from cprsync.cli.texts.words.patrons import PATRONS
from cprsync.cli.texts.words.reasons import REASONS
from cprsync.cli.texts.words.windows import WINDOWS

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["da", "en"]

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    **NIGHT,
    **REASONS,
    **PATRONS,
    **NET_MEDIA,
    **DEMO,
    **DESK,
    **AUDIT,
    **WINDOWS,
}


def word(key: str, language: Language, **values: object) -> str:
    """The word in one language. An unknown key is shown as it is."""
    danish, english = WORDS.get(key, (key, key))
    return (danish if language == "da" else english).format(**values)


def reason_words(reason: str, language: Language) -> str:
    """Why nothing is written, or why someone should look. A patron after a colon in the reason is named here too."""
    kind, _, patron = reason.partition(":")
    if kind not in WORDS and (head := f"{kind.rpartition('_')[0]}_") in WORDS:
        # the kind ends in the record type
        return f"{word(head, language)} ({kind.removeprefix(head)})"
    return f"{word(kind, language)} ({patron})" if patron else word(kind, language)
