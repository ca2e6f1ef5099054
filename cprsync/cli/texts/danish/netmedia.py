"""What errors of CULR and of the way to it say, in Danish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

NET_MEDIA: Final[Mapping[str, str]] = {
    "CULR answers {code}": "CULR svarer {code}",
    "CULR answers HTTP {status}": "CULR svarer HTTP {status}",
    "CULR does not answer: {why}": "CULR svarer ikke: {why}",
    "CULR answers {code} of {ceiling} patrons in a row": "CULR svarer {code} på {ceiling} lånere i træk",
    "CULR reports a fault of its own": "CULR melder en fejl hos sig selv",
    "CULR's address is no https address": "CULR's adresse er ingen https-adresse",
    "CULR's answer cannot be read: {why}": "CULR's svar kan ikke læses: {why}",
    "CULR's certificate is not to be trusted: {why}": "CULR's certifikat er ikke til at stole på: {why}",
    "a request of ours breaks CULR's contract ({what}): check agency, user and group": (
        "et kald fra os bryder CULR's kontrakt ({what}): kontrollér agency, user og group"
    ),
    "the answer does not say one code": "svaret siger ikke én kode",
    "{path}: no password can be read there": "{path}: dér kan ingen adgangskode læses",
    "{path}: there is no password in it": "{path}: der er ingen adgangskode i den",
}
