"""What `backup`, `restore` and `drill` say, from their documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.language.words import patrons_text, seconds_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.catalogues import Language

_MIB: Final = 1024 * 1024


def _size(count: int, language: Language) -> str:
    number = f"{count / _MIB:.1f}"
    return f"{number.replace('.', ',') if language == 'da' else number} MiB"


def key_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The keys that were made, and what to do with each."""
    yield word("backup_key_public", language, path=document["public"], name=document["name"])
    yield word("backup_key_private", language, path=document["private"])


def backup_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The backup that was made."""
    size = _size(document["bytes"], language)
    yield word(
        "backup_made",
        language,
        folder=document["folder"],
        size=size,
        patrons=patrons_text(document["patrons"], language),
    )
    yield word("backup_recipient", language, name=document["recipient"])
    if document["code"]:
        yield word("backup_code", language, code=document["code"])
    if document["removed"]:
        yield word("backup_removed", language, names=", ".join(document["removed"]))
    if document["left_out"]:
        yield word("backup_left_out", language, paths=", ".join(document["left_out"]))


def backup_list_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """A line for each backup."""
    if not document["backups"]:
        yield word("backup_none", language, folder=document["folder"])
    for one in document["backups"]:
        ahead = f"  {word('backup_ahead', language)}" if one["ahead"] else ""
        if not one["whole"]:
            yield f"{one['name']}  {word('backup_unreadable', language)}{ahead}"
            continue
        told = word("backup_row", language, patrons=patrons_text(one["patrons"], language), recipient=one["recipient"])
        yield f"{one['name']}  {_size(one['bytes'], language):>12}  {told}{ahead}"


def check_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What was read."""
    key = "backup_opened" if document["opened"] else "backup_read"
    yield word(key, language, name=document["name"], size=_size(document["bytes"], language))


def drill_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What was proved, and what was not."""
    seconds = seconds_text(document["seconds"], language)
    if not document["opened"]:
        yield word("drill_part", language, name=document["name"], seconds=seconds)
        return
    counts = {name: document[name] for name in ("entries", "records")}
    patrons = patrons_text(document["patrons"], language)
    yield word("drill_done", language, name=document["name"], seconds=seconds, patrons=patrons, **counts)


def restore_lines(document: Mapping[str, Any], language: Language, *, has_journal: bool = True) -> Iterator[str]:
    """What was put back, and what has to be done now. `has_journal`: an erase journal that survived was named."""
    seconds = seconds_text(document["seconds"], language)
    yield word("restored", language, name=document["name"], folder=document["folder"], seconds=seconds)
    if document["ahead"]:
        yield word("restored_ahead", language, names=", ".join(document["ahead"]))
    for one in document["libraries"]:
        patrons = patrons_text(one["patrons"], language)
        yield "  " + word("restored_library", language, agency=one["agency"], patrons=patrons)
        yield "  " + word("restored_unverified", language, count=one["unverified"])
        if one["erased_again"]:
            yield "  " + word("restored_erased", language, count=one["erased_again"])
        whole = "restored_audit" if one["audit"]["whole"] else "restored_audit_broken"
        yield "  " + word(whole, language, count=one["audit"]["entries"])
    if document["unnamed"]:
        yield word("restored_unnamed", language, named=", ".join(document["unnamed"]))
    survived = document["survived"]
    if any(survived.values()):
        yield word("restored_survived", language, **survived)
    if document["kept"]:
        yield word("restored_kept", language, paths=", ".join(document["kept"]))
    if document["old_accounts"]:
        yield word("restored_accounts", language)
    if document["credentials"]:
        yield word("restored_credentials", language, paths=", ".join(document["credentials"]))
    if not has_journal:
        yield word("restored_no_journal", language)
