"""What an error means for the user: its exit code, its sentence, and what to do next.

The tables are `advice_table` and `danish`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.language.advice_table import BY_CLASS, BY_KIND, UNEXPECTED
from cprsync.cli.language.danish import in_danish

if TYPE_CHECKING:
    from cprsync.cli.texts.advice.general import Advice
    from cprsync.errors import CprsyncError


def advice_for(error: CprsyncError) -> Advice:
    """Find the advice by kind, then by the kind's parents, then by class."""
    kind = error.kind
    while kind:
        if kind in BY_KIND:
            return BY_KIND[kind]
        kind = kind.rpartition(".")[0]
    for of, advice in BY_CLASS:
        if isinstance(error, of):
            return advice
    return UNEXPECTED


def error_document(error: CprsyncError, *, changed: str, reference: str) -> dict[str, Any]:
    """The JSON shape of a failure. `da` holds what a terminal shows in Danish."""
    advice = advice_for(error).next
    return {
        "kind": error.kind,
        "message": error.message,
        "changed": changed,
        "next": advice.en,
        "reference": reference,
        "da": {"message": in_danish(error.told()), "next": advice.da},
    }
