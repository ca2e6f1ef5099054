"""Plant leaks, one after the other, and listen to a whole demo with each: it must be heard, or found in a file.

    python tests/sweeps/leaks.py [--operators]

Twenty are in a demo. The others are in what an operator runs on the site that a demo has left, each in one command.
`--operators` leaves the twenty out.

Listens as `tests/cli/terminal/test_leaks.py` does: to all that the program says at DEBUG, the names of files, the
arguments and environments of programs, and to what is in every file, also in those that are gone at the end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rooms  # noqa: F401 -- for what it does
import test_leaks
from operating import COMMANDS, operated
from planted import LEAKS, OPERATORS


def is_found(leak: str, text: str, folder: Path) -> bool:
    said, files = test_leaks.leaks(text), test_leaks.leaks_in(folder)
    sys.stdout.write(f"{leak}: heard {len(said)}, in {len(files)} files\n")
    sys.stdout.flush()
    return bool(said or files)


def find_in_demos() -> list[str]:
    """The leaks that are found in a demo of their own."""
    found = []
    for leak in LEAKS:
        with tempfile.TemporaryDirectory(prefix="cprsync-leak-") as made:
            folder = Path(made)
            heard = test_leaks.listen_to(folder, "demo", "--keep", str(folder / "life" / "site"), leak=leak)
            found += [leak] if is_found(leak, heard, folder) else []
    return found


def find_in_commands() -> list[str]:
    """The leaks that are found in the command that they are in, on the site of one demo."""
    found = []
    with tempfile.TemporaryDirectory(prefix="cprsync-leak-") as made:
        base = Path(made)
        test_leaks.listen_to(base, "demo", "--koha", "--keep", str(base / "life" / "site"))
        with operated(base / "life" / "site", test_leaks.listen_to) as site:
            test_leaks.listen_to(base, "backup", "key", str(site.site / "backups.key"))
            # a command that nobody planted anything in says nothing of anybody
            found += [f"not planted: {name}" for name in COMMANDS if is_found("", site.run(name, base), base)]
            for number, (leak, (command, _)) in enumerate(OPERATORS.items()):
                folder = base / str(number)
                found += [leak] if is_found(leak, site.run(command, folder, leak=leak), folder) else []
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operators", action="store_true", help="only those in what an operator runs")
    wanted = [*([] if parser.parse_args().operators else LEAKS), *OPERATORS]
    found = [*(find_in_demos() if len(wanted) > len(OPERATORS) else []), *find_in_commands()]
    sys.stdout.write(f"{len(found)} of {len(wanted)} planted leaks found\n")
    return 0 if found == wanted else 1


if __name__ == "__main__":
    sys.exit(main())
