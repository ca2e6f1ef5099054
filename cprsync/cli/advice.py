"""What an error means for whoever sits at the terminal: its exit code and what to do next, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cprsync import errors

if TYPE_CHECKING:
    from cprsync.errors import CprsyncError


class Advice(NamedTuple):
    """An exit code of the command line, and the next step."""

    exit: int
    next: str


#: The most exact kind first; a kind not here falls back to its error's class.
BY_KIND: dict[str, Advice] = {
    "certificate.ours": Advice(2, "Run `cprsync certs check`; certs/README.md says how to renew a certificate."),
    "certificate.theirs": Advice(
        2, "Check the host name and the `ca` file of [library.register]; nothing is sent until they agree."
    ),
    "certificate.refused": Advice(
        2, "Ask the platform whether this certificate is registered to your system; run `cprsync certs check`."
    ),
    "delivery.empty": Advice(1, "Ask the platform to deliver the file again."),
    "delivery.damaged": Advice(1, "Ask the platform to deliver the file again; the file stays where it is."),
    "delivery.encoding": Advice(1, "The file was converted on its way: fetch it again as binary."),
    "delivery.future": Advice(1, "Ask the platform for the right file, and look at this machine's date."),
    "delivery.gap": Advice(
        1,
        "Ask the platform for the missing delivery; the waiting ones follow by themselves. "
        "Gone for good: `cprsync feed accept FILE --reason TEXT` goes on without it; "
        "FILE is the waiting delivery named above, not the missing one.",
    ),
    "delivery.not_stopped": Advice(1, "Nothing is to be accepted: run `cprsync sync`, which takes what is in chain."),
    "delivery.unknown": Advice(
        1,
        "Name a delivery that waits as `cprsync sync` names it, or a file on disk. "
        "After a gap it is the one behind the missing one, not the missing one itself.",
    ),
    "delivery.late": Advice(4, "Try again later; if it stays away, ask the platform."),
    "delivery.product": Advice(1, "The file is of another product: check the agreement's task and its contents."),
    "delivery.replaced": Advice(
        1,
        "Ask the platform which of the two is right; nothing of the new one was taken. "
        "It is the new one: `cprsync feed accept FILE --reason TEXT`. "
        "It is the first: remove the other file from the place it was delivered to (IN).",
    ),
    "delivery.task": Advice(1, "The file belongs to another agreement: check `task` in [library.feed]."),
    "delivery.unfinished": Advice(4, "Try again when the transfer has ended."),
    "mock.not_running": Advice(4, "Start it with `cprsync mock serve --dir DIR`."),
    "mock.stopped": Advice(
        7, "Start it with `cprsync mock serve --dir DIR`: it says its day. Then ask for the nights that are left."
    ),
    "input.folder": Advice(1, "Name a folder that is empty, or one that does not exist yet; what is there stays."),
    "input.empty": Advice(1, "Give a value. To take a correction back, or to empty a field, say --withdraw instead."),
    "interrupted": Advice(7, "Run the command again: it goes on where it stopped."),
    "init.folder": Advice(2, "Name a folder of your own, or one that does not exist yet; what is there stays."),
    "output.lost": Advice(7, "Make room where the answer goes; `cprsync runs list` tells what was done."),
    "number.both_patrons": Advice(1, "`cprsync review list` shows the two; one of them is to be closed."),
    "number.real": Advice(1, "A number that replaces hers comes with a delivery, or `cprsync lookup` finds it."),
    "number.replaced": Advice(1, "Ask the patron for the number that she has now."),
    "patron.no_card": Advice(
        1, "Nothing was changed. A PIN belongs to a card: `cprsync patron import` brings cards in."
    ),
    "patron.merged": Advice(1, "Use the other patron; `cprsync review list --all` tells who merged the two."),
    "patron.unknown": Advice(1, "`cprsync patron find` tells the patron number that belongs to a CPR number."),
    "policy": Advice(2, "Mend the policy file; the night has not begun."),
    "review.braked": Advice(5, "Look at what was merged today, then raise `merged` in policy.toml or go on tomorrow."),
    "review.changed": Advice(
        1, "See how it stands with `cprsync review list --all`; what the register leaves to decide waits by itself."
    ),
    "review.closed": Advice(1, "See what waits with `cprsync review list`, and what was answered with `--all`."),
    "review.unknown": Advice(1, "See the items' numbers with `cprsync review list`."),
    "run.braked": Advice(
        5,
        "See what would have happened: `cprsync runs show N`. If the night is wrong, ask the platform for a new file. "
        "If it is right, raise each limit named above in policy.toml for one night (guard.CLASS.count), "
        "run `cprsync sync` again, and set it back.",
    ),
    "run.balance": Advice(7, "Report this: the run's numbers do not add up. What is committed stands."),
    "audit.broken": Advice(1, "Keep the database as it is and report this: the audit was altered."),
    "sftp.broken": Advice(4, "Try again later; what was fetched whole is in the inbox."),
    "sftp.crowded": Advice(2, 'Clear the folder on the server, or set after = "delete" in [library.feed].'),
    "sftp.delete": Advice(2, 'Ask for the right to delete there, or set after = "keep" in [library.feed].'),
    "sftp.folder": Advice(2, "Check `folder` in [library.feed] and our rights there with the platform."),
    "sftp.host_key": Advice(
        2, "Nothing was sent. Ask the platform, by another way, whether its key is new before you change `known_hosts`."
    ),
    "sftp.key": Advice(2, "Check `key` in [library.feed]: an SSH key without a passphrase that only its owner reads."),
    "sftp.known_hosts": Advice(2, "Check `known_hosts` in [library.feed]: it holds the server's key."),
    "sftp.refused": Advice(2, "Ask the platform whether the public half of `key` belongs to `user` of [library.feed]."),
    "sftp.unreachable": Advice(4, "Try again later; if it stays so, check `host` and `port` in [library.feed]."),
    "store.seal": Advice(1, "A record does not open: check [keys] dir, then restore the database from a backup."),
    "store.unavailable": Advice(4, "Look after the database, then run again; what was committed stands."),
    "store.damaged": Advice(2, "Restore the database from a backup, or check [store] url."),
    "store.not_set_up": Advice(2, "Run `cprsync db upgrade`."),
    "store.version": Advice(2, "Run `cprsync db upgrade` with the version of cprsync that you use."),
    "usage.field": Advice(2, "`cprsync patron set --help` says which fields there are and what they take."),
    "usage.reason": Advice(2, "Run the command again with --reason TEXT."),
    "usage.until": Advice(2, "Run the command again with --until YYYY-MM-DD."),
    "schemas": Advice(2, "Install cprsync again: its schemas are damaged."),
}

BY_CLASS: tuple[tuple[type[CprsyncError], Advice], ...] = (
    (errors.ConfigurationError, Advice(2, "Mend the setting and run the command again.")),
    (errors.DeliveryRefused, Advice(1, "Ask the platform to deliver the file again.")),
    (errors.BadInput, Advice(1, "Mend the input and run the command again.")),
    (errors.DeliveryLate, Advice(4, "Try again later.")),
    (errors.RunBusy, Advice(4, "Wait until the other run has ended.")),
    (errors.RunStopped, Advice(7, "Run the command again: it goes on where it stopped.")),
    (errors.NoSuchPerson, Advice(1, "Check the number with the patron.")),
    (errors.RegisterUnavailable, Advice(4, "Try again later; what was committed stands.")),
    (errors.RegisterRefused, Advice(1, "Check the agreement in [library.register] with the platform.")),
    (errors.BadAnswer, Advice(1, "Report this to the platform; the answer was not used.")),
    (errors.LostCompare, Advice(7, "Run the command again: it goes on where it stopped.")),
    (errors.FenceLost, Advice(7, "A newer run has taken over; look at `cprsync runs list`.")),
)
UNEXPECTED = Advice(7, "Run the command again: it goes on where it stopped. If it fails again, report it.")


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
    """The JSON shape of a failure."""
    return {
        "kind": error.kind,
        "message": error.message,
        "changed": changed,
        "next": advice_for(error).next,
        "reference": reference,
    }
