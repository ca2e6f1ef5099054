"""What is wrong with a command line, in Danish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

USAGE: Final[Mapping[str, str]] = {
    "a command is missing": "der mangler en kommando",
    "there is no such command": "den kommando findes ikke",
    "there is no such command: did you mean {near}?": "den kommando findes ikke: mente du {near}?",
    "there is no such option": "det tilvalg findes ikke",
    "there is no such option: did you mean {near}?": "det tilvalg findes ikke: mente du {near}?",
    "the option {name} is missing": "tilvalget {name} mangler",
    "the argument {name} is missing": "{name} mangler på kommandolinjen",
    "the option {name} takes no value": "tilvalget {name} tager ingen værdi",
    "the option {name} needs a value": "tilvalget {name} mangler sin værdi",
    "{name}: expected one of {choices}": "{name}: vælg en af {choices}",
    "{name}: expected a whole number": "{name}: skriv et helt tal",
    "{name}: expected a number": "{name}: skriv et tal",
    "{name}: expected at least {limit}": "{name}: tallet skal være mindst {limit}",
    "{name}: expected at most {limit}": "{name}: tallet må højst være {limit}",
    "{name}: the value cannot be used": "{name}: den værdi kan ikke bruges",
    "there is a word too many on the command line": "der står et ord for meget på kommandolinjen",
    "an argument is not readable as text": "et af ordene på kommandolinjen kan ikke læses som tekst",
    "expected DEBUG, INFO, WARNING or ERROR: --log-level, or CPRSYNC_LOG_LEVEL": (
        "vælg DEBUG, INFO, WARNING eller ERROR: --log-level eller CPRSYNC_LOG_LEVEL"
    ),
    "--block says which one --lift lifts": "--block siger, hvilken en --lift ophæver",
    "expected da or en: --lang, or CPRSYNC_LANG": "vælg da eller en: --lang eller CPRSYNC_LANG",
    "expected a day as YYYY-MM-DD": "skriv dagen som ÅÅÅÅ-MM-DD",
}
