"""`mock`: serves the counterparts, and lets things happen in the town."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.demo.koha import koha_app
from cprsync.cli.terminal.failures import failures
from cprsync.cli.terminal.frame import Json, Lang, print_document
from cprsync.errors import ConfigurationError
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.catalogues import Language

#: What `mock event` and `mock fault` take. A test compares both with the mock's own tables.
EVENTS = (
    "move, rename, birth, die, undie, protect, unprotect, emigrate, return, vanish, found, number, undo-number, "
    "marry, divorce, custody, birthdate or resend (the same once more). Of an address that is none: no-road or "
    "no-municipality; of a protection that has an end: end-date; of one that is over, without an end: no-end."
)
EVENT_TO = (
    "With move, return and found: a street of the people file, or a person's key, to move in with them. With rename: a "
    "name of that file, or a person's key, to take their family name. With emigrate: a country, four digits. With "
    "birthdate and end-date: a day, YYYY-MM-DD. With marry: the other's key. With custody of a child: whose it is from "
    "now on. Left out: the next street or name, another country, or custody of both parents. A wrong one lists the "
    "streets or names."
)
FAULTS = (
    "Of an answer: http-500-html, empty-200, truncated, oversized, other-person, wrong-root, slow, close, bad-schema,"
    " platform-fault, instruction, utf-16 or mojibake. Of a new connection to the register: tls-expired, "
    "tls-other-ca, tls-other-host or tls-refuse. Of the next delivery: half-file or no-metadata. Of fetching: "
    "sftp-refuse, sftp-cut, sftp-slow or sftp-trickle. Of CULR, once it has done what was asked: culr-lost, culr-500,"
    " culr-garbage or culr-slow; when it has not: culr-down, culr-fault, culr-credentials, culr-authorisation, "
    "culr-illegal, culr-transaction, culr-program or culr-unknown. Of the identity provider: oidc-down, oidc-slow, "
    "oidc-state, oidc-sender, oidc-nonce, oidc-audience, oidc-issuer, oidc-expired, oidc-none, oidc-signature, "
    "oidc-key, oidc-level, oidc-no-level, oidc-thin, oidc-claims or oidc-claims-down. Of FBS: fbs-500, fbs-down, "
    "fbs-slow, fbs-garbage, fbs-credentials, fbs-forbidden, fbs-gone, fbs-absent, fbs-expired, fbs-null, fbs-thin, "
    "fbs-unknown-block, fbs-other or fbs-locked. Of Koha, once it has done what was asked: koha-lost, koha-500, "
    "koha-garbage or koha-slow; when it has not: koha-down, koha-maintenance, koha-expired, koha-forbidden, "
    "koha-gone, koha-blocked or koha-moved. Of webhooks, once the post is taken: hook-lost or hook-slow; when it is "
    "not: hook-500, hook-busy, hook-maintenance, hook-refuse, hook-gone, hook-forbidden, hook-moved or hook-down."
)

Folder = Annotated[Path, typer.Option("--dir", help="The mock's folder; `mock serve` makes it.")]
app = typer.Typer()
app.add_typer(koha_app, name="koha", help="The mock's Koha: patrons, other writers, its setup.")


@app.command("serve")
def mock_serve(
    folder: Folder,
    *,
    people: Annotated[
        Path | None, typer.Option("--people", help="A people file of your own instead of the town's.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help="Both SOAP services; 0 picks a free one.")] = None,
    sftp_port: Annotated[int | None, typer.Option("--sftp-port", help="Where deliveries are fetched.")] = None,
    culr_port: Annotated[int | None, typer.Option("--culr-port", help="CULR, where the net media ask.")] = None,
    control_port: Annotated[
        int | None, typer.Option("--control-port", help="Where `mock event` and the others speak to it.")
    ] = None,
    oidc_port: Annotated[int | None, typer.Option("--oidc-port", help="The identity provider.")] = None,
    with_fbs: Annotated[bool, typer.Option("--fbs", help="Cicero (FBS) too, as `compare fbs` reads it.")] = False,
    fbs_port: Annotated[int | None, typer.Option("--fbs-port", help="With --fbs: where it answers.")] = None,
    with_koha: Annotated[bool, typer.Option("--koha", help="A Koha too, with a library's patrons in it.")] = False,
    koha_port: Annotated[int | None, typer.Option("--koha-port", help="With --koha: where it answers.")] = None,
    with_webhook: Annotated[bool, typer.Option("--webhook", help="A receiver of webhooks too.")] = False,
    webhook_port: Annotated[
        int | None, typer.Option("--webhook-port", help="With --webhook: where it answers.")
    ] = None,
    framing: Annotated[str, typer.Option("--framing", help="Deliveries as lines, or as one stream.")] = "lines",
    omit_false: Annotated[bool, typer.Option("--omit-false", help="Leave beskyttet=false out of answers.")] = False,
    lang: Lang = "da",  # noqa: ARG001 -- an error is told in it
    as_json: Json = False,
) -> None:
    """Serve until stopped; one JSON line when ready.

    PersonLookup and CPRSubscription over mutual TLS, CULR and OpenID Connect over TLS, deliveries over SFTP. FBS, Koha
    and a receiver of webhooks, over TLS too, are served on request. A port that is left out is the folder's last one,
    else a free one.
    """
    from cprsync.mock.server import Ports, serve
    from cprsync.resources import fixture_path

    with failures(as_json=as_json):
        serve(
            folder=folder,
            people=people or fixture_path("people.toml"),
            ports=Ports(port, control_port, sftp_port, culr_port, oidc_port, fbs_port, koha_port, webhook_port),
            now=lambda: datetime.now(UTC),
            announce=_announce,
            stop=None,
            framing=framing,
            omit_false=omit_false,
            with_fbs=with_fbs,
            with_koha=with_koha,
            with_webhook=with_webhook,
        )


def _announce(ready: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(ready, ensure_ascii=False) + "\n")
    sys.stdout.flush()


@app.command("event")
def mock_event(
    kind: Annotated[str, typer.Argument(help=EVENTS)],
    *,
    who: Annotated[str, typer.Option("--who", help="A key of the people file.")],
    to: Annotated[str | None, typer.Option("--to", help=EVENT_TO)] = None,
    folder: Folder,
    lang: Lang = "da",  # noqa: ARG001 -- an error is told in it
    as_json: Json = False,
) -> None:
    """Let something happen to someone in the town."""
    from cprsync.mock import control

    with failures(as_json=as_json):
        done = control.event(folder, kind, who, to)
    print_document(done, [f"{kind} {who}"], as_json=as_json)


@app.command("night")
def mock_night(
    *,
    folder: Folder,
    count: Annotated[int, typer.Option("--count", min=1, max=366, help="How many working days.")] = 1,
    empty: Annotated[bool, typer.Option("--empty/--no-empty", help="Whether a day without changes has a file.")] = True,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Close the working day and write its delivery (ændringsudtræk)."""
    from cprsync.mock import control

    with failures(as_json=as_json):
        done = control.night(folder, count=count, empty=empty)
    files = ", ".join(done["files"]) or word("mock_no_delivery", lang)
    if done["skipped"]:
        files = word("mock_passed_over", lang, files=files, days=", ".join(done["skipped"]))
    print_document(done, [word("mock_night", lang, files=files, day=done["day"])], as_json=as_json)


@app.command("day")
def mock_day(
    *,
    folder: Folder,
    lang: Lang = "da",  # noqa: ARG001 -- an error is told in it
    as_json: Json = False,
) -> None:
    """Move the mock's clock one calendar day."""
    from cprsync.mock import control

    with failures(as_json=as_json):
        done = control.day(folder)
    print_document(done, [str(done["day"])], as_json=as_json)


@app.command("fault")
def mock_fault(
    kind: Annotated[str, typer.Argument(help=FAULTS)],
    *,
    times: Annotated[int, typer.Option("--times", min=1, max=10_000, help="How many times.")] = 1,
    seconds: Annotated[float, typer.Option("--seconds", min=0, max=120, help="How slow a slow answer is.")] = 5.0,
    share: Annotated[float, typer.Option("--share", help="Only for this share of the answers: 0.1 is a tenth.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Which ones: the same seed picks the same.")] = 0,
    folder: Folder,
    lang: Lang = "da",  # noqa: ARG001 -- an error is told in it
    as_json: Json = False,
) -> None:
    """Let the next answers or deliveries go wrong."""
    from cprsync.mock import control

    with failures(as_json=as_json):
        done = control.fault(folder, kind, times=times, seconds=seconds, share=share, seed=seed)
    print_document(done, [f"{kind} × {times}"], as_json=as_json)


@app.command("calm")
def mock_calm(*, folder: Folder, lang: Lang = "da", as_json: Json = False) -> None:
    """Let nothing go wrong any more."""
    from cprsync.mock import control

    with failures(as_json=as_json):
        done = control.calm(folder)
    print_document(done, [word("mock_calm", lang)], as_json=as_json)


@app.command("culr")
def mock_culr(
    kind: Annotated[
        str | None, typer.Argument(help="create, update or delete; left out: show each change that CULR has seen.")
    ] = None,
    *,
    agency: Annotated[
        str | None, typer.Option("--agency", help="With a change: the library that makes it, any six digits.")
    ] = None,
    who: Annotated[str | None, typer.Option("--who", help="With a change: whose account, by their key.")] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="With create and update: the municipality, three digits; left out: none.")
    ] = None,
    card: Annotated[
        str | None, typer.Option("--card", help="With a change: the account under this card, not under the number.")
    ] = None,
    unilogin: Annotated[
        str | None, typer.Option("--unilogin", help="With a change: the account under this UNI-Login.")
    ] = None,
    folder: Folder,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Show what CULR has seen, or let any library write there.

    As `cprsync mock culr update --agency 710100 --who BO --to 461 --dir DIR`: CULR says Odense of BO now, behind the
    back of the library that has told of them.
    """
    from cprsync.mock import control

    with failures(as_json=as_json):
        if kind is None:
            seen = control.culr(folder)
            print_document(
                seen,
                [*map(_change, seen["ledger"]), word("mock_patrons", lang, count=len(seen["patrons"]))],
                as_json=as_json,
            )
            return
        if agency is None or who is None:
            raise ConfigurationError("say --agency and --who", kind="usage")
        said = {} if to is None else {"to": to}
        if unilogin:
            said |= {"type": "UNILOGIN", "value": unilogin}
        elif card is not None:
            said |= {"type": "LOCAL", "value": card}
        done = control.culr_write(folder, kind, agency, who, **said)
        print_document(done, [f"{kind} {who}"], as_json=as_json)


@app.command("fbs")
def mock_fbs(
    kind: Annotated[
        str | None, typer.Argument(help="freeze, remove, set, block or follow; left out: count what FBS was asked.")
    ] = None,
    *,
    who: Annotated[str | None, typer.Option("--who", help="With a change: whose record, by their key.")] = None,
    field: Annotated[
        str | None,
        typer.Option("--field", help="With set: name, birthday, resident, street, postalCode, city or coName."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="With set: the value; left out: null. With block: the reason's code.")
    ] = None,
    folder: Folder,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Let a patron of Cicero (FBS) differ, or count its calls.

    As `cprsync mock fbs freeze --who BO --dir DIR`: from now on FBS misses what happens to BO. The mock has to be
    served with --fbs.
    """
    from cprsync.mock import control

    with failures(as_json=as_json):
        if kind is None:
            seen = control.fbs(folder)
            asked = [f"{count:>6}  {call}" for call, count in seen["calls"].items()]
            patrons = word("mock_patrons", lang, count=len(seen["patrons"]))
            print_document(seen, [*asked, patrons], as_json=as_json)
            return
        if who is None:
            raise ConfigurationError("say --who", kind="usage")
        done = control.fbs_write(folder, kind, who, field=field, to=to)
        print_document(done, [f"{kind} {who}"], as_json=as_json)


@app.command("webhook")
def mock_webhook(*, folder: Folder, lang: Lang = "da", as_json: Json = False) -> None:
    """List what the receiver of webhooks got.

    Each post that was proved, in its order, and how many were not. The mock has to be served with --webhook.
    """
    from cprsync.mock import control

    with failures(as_json=as_json):
        got = control.webhook(folder)
    lines = [_post(one, lang) for one in got["received"]]
    print_document(got, [*lines, word("mock_posts", lang, **got)], as_json=as_json)


def _post(one: Mapping[str, Any], language: Language) -> str:
    """One post that the receiver of webhooks got."""
    marks = [word(f"mock_post_{mark}", language) for mark in ("gone", "repeated") if one[mark]]
    return "  ".join((one["target"], one["patron"], f"{one['version']:>6}", ", ".join(marks))).rstrip()


def _change(one: Mapping[str, Any]) -> str:
    """One change that CULR has seen."""
    who, kind = one["who"] or one["patron"], "" if one["kind"] == "CPR" else f"  ({one['kind']})"
    before, after = (one[side]["municipality"] or "-" for side in ("before", "after"))
    return f"{one['n']:>5}  {one['agency']}  {one['operation']:<14}  {who}: {before} -> {after}{kind}"
