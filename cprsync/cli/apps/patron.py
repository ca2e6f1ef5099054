"""`cprsync patron`: its commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cprsync.cli.terminal.options import (
    CONFIG,
    Approve,
    Config,
    Confirm,
    Json,
    Lang,
    Library,
    LinkDoing,
    Patron,
    Why,
    Yes,
    day,
    language,
)
from cprsync.domain.patron.fields import SETTABLE
from cprsync.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What the help says beside some fields.
_HINTS = {
    "language": "letters go out in da and en",
    "absence": "2027-04-10 til 2027-04-20, or the first day alone",
    "blocks": "the reason, and before it the day it began if that is not today",
}
_FOR_GOOD = [key for key, field in SETTABLE.items() if field.kind.change is None]
_LISTS = [key for key, field in SETTABLE.items() if field.kind.change is not None]


def _hinted(keys: Iterable[str]) -> str:
    return ", ".join(f"{key} ({_HINTS[key]})" if key in _HINTS else key for key in keys)


#: The fields that `patron set` takes.
FIELDS = (
    "For a time, with --reason and --until, over the register: name, birth_date, address, municipality, group "
    f"(this one may stay). For good: {_hinted(_FOR_GOOD)}; of a patron without a CPR number also name, birth_date "
    f"(YYYY-MM-DD) and protection (ja or nej). Lists, to which what is typed is added: {_hinted(_LISTS)}."
)


app = typer.Typer(help="Patrons (lånere): add, import, find, show, set, leave, erase.")


@app.command("import")
def patron_import(  # noqa: PLR0913 -- one parameter for each option
    file: Annotated[Path, typer.Argument(help="CSV or JSON, in UTF-8 or Windows-1252.")],
    *,
    columns: Annotated[
        Path | None, typer.Option("--columns", help="A mapping: which column is which field (fixtures/columns).")
    ] = None,
    refused: Annotated[
        Path | None, typer.Option("--refused", help="Write line, field and reason of refused rows here, as CSV.")
    ] = None,
    numbers: Annotated[
        Path | None,
        typer.Option("--numbers", help="Write which patron number each new patron got, by their line, as CSV."),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write; without it nothing is changed.")] = False,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Import patrons from a list, in CSV or JSON.

    Without --apply it only says what would happen. The columns are called as the fields of the record (`cprsync
    fields`), in Danish or English, unless --columns says otherwise. A row that is not taken is listed with its line
    and the reason (exit 3): mend it in the file, and import it again. An import that was stopped goes on when it is
    run again.
    """
    from cprsync.cli.imports.patrons import import_command

    told = language(lang)
    raise SystemExit(
        import_command(
            file,
            apply=apply,
            config=config,
            library=library,
            language=told,
            as_json=as_json,
            columns=columns,
            refused=refused,
            numbers=numbers,
        )
    )


@app.command("add")
def patron_add(  # noqa: PLR0913 -- one parameter for each option
    *,
    yes: Yes = False,
    confirm: Confirm = False,
    approve: Approve = "",
    reason: Why = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Add one patron by hand, also without a CPR number.

    A terminal asks field by field; else standard input has one JSON object by the names of the fields (`cprsync
    fields`), as a row of an import. With a CPR number the person is looked up and registered; without one, or with a
    replacement number, name, birth date and address are the library's own words, and the patron group follows the birth
    date. It is written once someone says yes.
    """
    from cprsync.cli.desk.adding import add_command
    from cprsync.cli.desk.confirming import Answered

    raise SystemExit(
        add_command(
            answered=Answered(yes=yes, confirm=confirm, approve=approve, reason=reason),
            config=config,
            library=library,
            language=language(lang),
            as_json=as_json,
        )
    )


@app.command("show")
def patron_show(  # noqa: PLR0913 -- one parameter for each option
    patron: Patron,
    *,
    reveal: Annotated[bool, typer.Option("--reveal", help="Open what is sealed; needs --reason.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why it is opened; the audit keeps it, sealed.")] = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Show one record, field by field.

    Of each field whose it is and since when, or who corrected it, until when and over what. Name and address of a
    protected patron stay sealed without --reveal.
    """
    from cprsync.cli.imports.patrons import show_command

    told = language(lang)
    show_command(patron, reveal=reveal, reason=reason, config=config, library=library, language=told, as_json=as_json)


@app.command("standing")
def patron_standing(  # noqa: PLR0913 -- one parameter for each option
    patron: Patron,
    *,
    film: Annotated[
        int | None, typer.Option("--film", min=0, max=18, help="The age that a film is rated from.")
    ] = None,
    config: Config = CONFIG,
    library: Library = None,
    today: Annotated[str | None, typer.Option("--today", help="YYYY-MM-DD, test environment only.")] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Say if a patron may borrow, what is late, and how to write.

    By the library's policy, each answer with the rule that gives it.
    """
    from cprsync.cli.lending.standing import standing_command

    standing_command(
        patron,
        film=film,
        config=config,
        library=library,
        today=day(today),
        language=language(lang),
        as_json=as_json,
    )


@app.command("find")
def patron_find(*, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False) -> None:
    """Find a patron by CPR number, patron number or card.

    It is asked for, or read from standard input, and never typed on the command line; what it is shows by its shape.
    An earlier CPR number finds them too. Only what is written exactly so finds anybody.
    """
    from cprsync.cli.desk.showing import find_command

    raise SystemExit(find_command(config=config, library=library, language=language(lang), as_json=as_json))


@app.command("set")
def patron_set(  # noqa: PLR0913 -- one parameter for each option
    patron: Patron,
    field: Annotated[str, typer.Argument(help=FIELDS)],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why a correction is made, or taken back.")] = "",
    until: Annotated[str | None, typer.Option("--until", help="YYYY-MM-DD: the last day of a correction.")] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take a correction back, or empty another field; no value is asked for.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", "--lift", help="Of a list: take away what is typed; a block is lifted.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Of a list: what is typed is all of it; the others go.")
    ] = False,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Set one field, or correct one of the register's.

    The value is asked for, or read from standard input; it is never typed on the command line. A correction (rettelse)
    counts over the register's word until its last day. Of a list (blocks, cards, telephones, emails) what is typed is
    added, and the others stay. The telephone or e-mail for notices has a * before it.
    """
    from cprsync.cli.desk.setting import list_doing, set_command

    set_command(
        patron,
        field,
        reason=reason,
        until=day(until),
        withdraw=withdraw,
        doing=list_doing(remove=remove, replace=replace, withdraw=withdraw, as_json=as_json),
        config=config,
        library=library,
        language=language(lang),
        as_json=as_json,
    )


@app.command("responsible")
def patron_responsible(  # noqa: PLR0913 -- one parameter for each option
    patron: Patron,
    doing: Annotated[LinkDoing, typer.Argument(help="Let someone answer for the patron, end that, or list who does.")],
    *,
    responsible: Annotated[
        str | None, typer.Option("--responsible", help="Their patron number, instead of their CPR number.")
    ] = None,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Say who answers for a minor (økonomisk ansvarlig).

    Their CPR number is asked for, or read from standard input. Someone who is no patron gets a record without
    borrowing rights, and the register is asked about them. At 18 the patron answers alone; what was owed before stays
    as it is.
    """
    from cprsync.cli.desk.responsibles import responsible_command

    responsible_command(
        patron,
        doing,
        responsible=responsible,
        config=config,
        library=library,
        language=language(lang),
        as_json=as_json,
    )


@app.command("set-cpr")
def patron_set_cpr(  # noqa: PLR0913 -- one parameter for each option
    patron: Patron,
    *,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take back a number that was set here: the record is as it was before.")
    ] = False,
    yes: Yes = False,
    confirm: Confirm = False,
    approve: Approve = "",
    reason: Why = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Make a replacement number (erstatningsnummer) real.

    The CPR number is asked for, or read from standard input. Name and birth date of the register's person are shown
    beside the record's; once someone says yes, the patron is subscribed, and the first copy is fetched. Where neither
    agrees, it takes a reason.
    """
    from cprsync.cli.desk.confirming import Answered
    from cprsync.cli.desk.set_cpr import set_cpr_command

    set_cpr_command(
        patron,
        undoes=undo,
        answered=Answered(yes=yes, confirm=confirm, approve=approve, reason=reason),
        config=config,
        library=library,
        language=language(lang),
        as_json=as_json,
    )


@app.command("leave")
def patron_leave(  # noqa: PLR0913 -- one parameter for each option
    patron: Patron,
    *,
    yes: Yes = False,
    confirm: Confirm = False,
    approve: Approve = "",
    reason: Why = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Close a record, now or when nothing is open.

    What it does is shown first, and done after a yes.

    While loans or debt are open the record waits (exit 3), and each night closes it as soon as they are settled. A
    record that is closed is empty: the patron is unsubscribed and no patron any more. Nobody is looked up. A block that
    holds is kept by the number, and comes back if the person registers again.
    """
    from cprsync.cli.desk.confirming import Answered
    from cprsync.cli.desk.leaving import leave_command

    answered = Answered(yes=yes, confirm=confirm, approve=approve, reason=reason)
    told = language(lang)
    raise SystemExit(
        leave_command(patron, answered=answered, config=config, library=library, language=told, as_json=as_json)
    )


@app.command("erase")
def patron_erase(  # noqa: PLR0913 -- one parameter for each option
    patron: Patron,
    *,
    yes: Yes = False,
    confirm: Confirm = False,
    approve: Approve = "",
    reason: Why = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Erase a patron for good; refused while anything is open.

    What it does is shown first, and done after a yes.

    Nothing stays but their patron number, in the audit and among those that are never given again, and the line of the
    erase journal that keeps an older copy of the database from bringing them back. A block goes too, with a reason; a
    later registration does not tell that the person was a patron.
    """
    from cprsync.cli.desk.confirming import Answered
    from cprsync.cli.desk.leaving import erase_command

    answered = Answered(yes=yes, confirm=confirm, approve=approve, reason=reason)
    told = language(lang)
    erase_command(patron, answered=answered, config=config, library=library, language=told, as_json=as_json)


@app.command("kept-blocks")
def patron_kept_blocks(  # noqa: PLR0913 -- one parameter for each option
    *,
    lift: Annotated[bool, typer.Option("--lift", help="Lift them all, or the one of --block; needs --reason.")] = False,
    block: Annotated[
        int | None, typer.Option("--block", help="Lift this one alone: the number before it in the list.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why they are lifted; the audit keeps it, sealed.")] = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Show or lift the blocks kept of someone who left.

    Their CPR number is asked for, or read from standard input. Of somebody who is a patron the blocks stand on the
    record: `patron set ID blocks --lift`. Each has a number, by which it alone is lifted.
    """
    from cprsync.cli.desk.kept_blocks import kept_blocks_command

    if block is not None and not lift:
        raise Misused("--block says which one --lift lifts")
    told = language(lang)
    kept_blocks_command(
        lift=lift, only=block, reason=reason, config=config, library=library, language=told, as_json=as_json
    )
