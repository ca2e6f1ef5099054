"""`keys`: which keys there are, and what names them; rotate one, and destroy what it replaced. Shows no secret."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.cli.terminal.failures import failures, has_written_in_store
from cprsync.cli.terminal.frame import CONFIG, Config, Frame, Json, Lang, framed, print_document
from cprsync.cli.terminal.output import note
from cprsync.errors import Exit
from cprsync.language.words import long_day, seconds_text, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from cprsync.catalogues import Language
    from cprsync.services.ports.store import Store
    from cprsync.services.ports.trust.keys import KeyUse
    from cprsync.wiring.site import Site

#: The files beside the database whose lines name a key.
_FILES: Final = {"erase journal": "keys_in_journal", "audit heads": "keys_in_heads"}
app = typer.Typer()
Purpose = Annotated[str, typer.Argument(help="What the key is for, as `keys list` shows it.")]


@app.command("list")
@framed
def keys_list(frame: Frame) -> int:
    """List the keys: purpose, id, how old, and what names each.

    Reads every row of all libraries, and shows no secret. Exit 1 when rows name a key that is not in the key folder.
    """
    from cprsync.services.trust.keys import is_any_lost

    with frame.failures():
        # the keys and their rows are those of all libraries: any one of them opens the store
        site, *_ = _every_site(frame.config, frame.library)
        with site.store_of_any_keys(may_lack=True) as store:
            uses = store.keys.uses()
    document = {"agency": site.section.agency, "keys": [one.document() for one in uses]}
    frame.print(document, _key_lines(uses, frame.lang))
    return Exit.REFUSED if is_any_lost(uses) else Exit.DONE


@app.command("rotate")
def keys_rotate(
    purposes: Annotated[
        list[str] | None, typer.Argument(help="What the keys are for, as `keys list` shows it.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="A new key for every purpose.")] = False,
    config: Config = CONFIG,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Give a purpose a new key, while nights and the desk go on.

    The new key is added, every program takes it, then it writes and the rows are brought to it, in small shares. If it
    was killed, run it again: it goes on. The older key stays until `keys destroy`.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.ports.trust.keys import PURPOSES
    from cprsync.services.trust.keys import Rotating, rotate_keys

    with failures(as_json=as_json, stays=has_written_in_store), ExitStack() as stack:
        sites = _every_site(config)
        libraries = [stack.enter_context(site.store()) for site in sites]
        how = Rotating(
            user_name(),
            sleep=partial(_wait, language=lang),
            monotonic=time.monotonic,
            now=sites[0].clock.now,
            progress=_Progress(lang),
        )
        document = rotate_keys(libraries, PURPOSES if every else purposes or (), how)
    # no backup from before holds the keys that are written with from now on
    document["back_up"] = sites[0].settings.backup.recipient is not None
    print_document(document, rotation_lines(document, lang), as_json=as_json)


@app.command("destroy")
def keys_destroy(
    purpose: Purpose,
    key: Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")],
    *,
    backups_expired: Annotated[
        bool,
        typer.Option("--backups-expired", help="Say that no older copy without its own keys will be restored."),
    ] = False,
    config: Config = CONFIG,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Destroy a key that nothing names any more.

    Looks through the rows of all libraries and the files beside them first. A backup has its keys with it. A copy of
    the database that was made in another way cannot be opened without the key.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.trust.keys import destroy_key

    with failures(as_json=as_json, stays=has_written_in_store), ExitStack() as stack:
        first, *_ = _every_library(config, stack)
        document = destroy_key(first, purpose, key, user=user_name(), backups_expired=backups_expired)
    said = word("keys_destroyed", lang, purpose=purpose, id=key)
    print_document(document, [said], as_json=as_json)


def _key_lines(uses: Iterable[KeyUse], language: Language) -> Iterator[str]:
    """A line for each key, and a note about what is not counted."""
    for one in uses:
        yield _key_line(one, language)
    yield word("keys_pins", language)


def _key_line(one: KeyUse, language: Language) -> str:
    places = [*one.rows.items(), *one.lines.items()]
    named = [_named_text(place, count, language) for place, count in sorted(places)]
    values = {
        "purpose": one.purpose,
        "id": one.id,
        "state": word(f"keys_state_{one.state.value}", language),
        "names": ", ".join(named) or word("keys_unnamed", language),
    }
    if one.made is None:
        return word("keys_lost", language, **values)
    return word("keys_key", language, made=long_day(one.made.date(), language), **values)


def _named_text(place: str, count: int, language: Language) -> str:
    """How many name a key in a place: a file beside the database, or a table by its name there."""
    return word(_FILES.get(place, "keys_named"), language, count=count, place=place)


def rotation_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What a rotation did for each purpose, and what still needs the older keys."""
    for one in document["rotated"]:
        key = "keys_rotated_on" if one["resumed"] else "keys_rotated"
        yield word(key, language, **{**one, "seconds": seconds_text(one["seconds"], language)})
        if one["left"]:
            yield word("keys_left", language, count=one["left"])
        for older in one["older"]:
            names = ", ".join(_named_text(place, count, language) for place, count in older["named"].items())
            key = "keys_kept" if names else "keys_free"
            yield word(key, language, id=older["id"], purpose=one["purpose"], names=names)
    if document["back_up"]:
        yield word("keys_back_up", language)


def _every_library(config: Path, stack: ExitStack) -> list[Store]:
    """The stores of all libraries: they share the keys."""
    return [stack.enter_context(site.store()) for site in _every_site(config)]


def _every_site(config: Path, agency: str | None = None) -> list[Site]:
    from cprsync.config.settings import load_settings
    from cprsync.wiring.site import sites_of

    return sites_of(load_settings(config), agency)


def _wait(seconds: float, *, language: Language) -> None:
    note(word("keys_waiting", language, seconds=round(seconds)))
    time.sleep(seconds)


class _Progress:
    """Tells on standard error how far a rotation is, every few seconds."""

    def __init__(self, language: Language) -> None:
        self._language, self._last = language, time.monotonic()

    def __call__(self, purpose: str, rows: int) -> None:
        if time.monotonic() - self._last >= _TOLD_SECONDS:
            self._last = time.monotonic()
            note(word("keys_progress", self._language, purpose=purpose, rows=rows))


_TOLD_SECONDS = 5.0
