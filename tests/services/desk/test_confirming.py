"""The refusal of what nobody has said yes to, and a preview as JSON."""

from __future__ import annotations

import pytest

from cprsync.domain.desk.confirming import Confirmation, DeskWarning, Preview, WarningLevel
from cprsync.errors import BadInput, NotConfirmed
from cprsync.services.desk.showing import check_confirmed, preview_document, warning_documents

DEAD = DeskWarning("dead", WarningLevel.STOP, "desk.dead")
PREVIEW = Preview("registration", "12345678", (DEAD,))


def test_a_preview_has_its_warnings_in_both_languages() -> None:
    assert preview_document(PREVIEW) == {
        "what": "registration",
        "patron": "12345678",
        "digest": PREVIEW.digest,
        "needs_reason": True,
    }
    said = {"da": "CPR siger, at personen er død.", "en": "The register says that the person is dead."}
    assert warning_documents(PREVIEW.warnings) == [{"kind": "dead", "level": "stop", "text": said}]


@pytest.mark.parametrize(
    ("confirmation", "kind"),
    [
        (Confirmation("sha256:other", "agreed"), "confirm.changed"),
        (Confirmation(PREVIEW.digest), "confirm.reason"),
    ],
)
def test_a_yes_that_is_not_enough_is_refused(confirmation: Confirmation, kind: str) -> None:
    with pytest.raises(NotConfirmed) as refused:
        check_confirmed(PREVIEW, confirmation)
    assert refused.value.kind == kind


def test_the_reason_is_kept_as_the_audit_keeps_reasons() -> None:
    assert check_confirmed(PREVIEW, Confirmation(PREVIEW.digest, " agreed ")) == "agreed"
    assert check_confirmed(Preview("leave", "12345678"), Confirmation(Preview("leave", "12345678").digest)) == ""
    with pytest.raises(BadInput, match="CPR number"):
        check_confirmed(PREVIEW, Confirmation(PREVIEW.digest, "as 010190-1234 says"))
