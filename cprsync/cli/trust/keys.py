"""`keys`: which keys there are, and what names them. Shows no secret."""

from __future__ import annotations

import typer

from cprsync.cli.terminal.frame import CONFIG, Config, Json, Lang, Library, opened, print_document
from cprsync.errors import Exit
from cprsync.language.keys import key_lines

app = typer.Typer()


@app.command("list")
def keys_list(*, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False) -> int:
    """List the keys: purpose, id, how old, and what names each.

    Reads every row, and shows no secret. Exit 1 when rows name a key that is not in the key folder.
    """
    from cprsync.services.trust.keys import is_any_lost

    with opened(config, library, as_json=as_json) as site, site.store_of_any_keys() as store:
        uses = store.keys.uses()
    document = {"agency": site.section.agency, "keys": [one.document() for one in uses]}
    print_document(document, key_lines(uses, lang), as_json=as_json)
    return Exit.REFUSED if is_any_lost(uses) else Exit.DONE
