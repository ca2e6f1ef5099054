"""Plant twenty leaks, one after the other, and listen to a whole demo with each: it must be heard, or found in a file.

    python tests/sweeps/leaks.py

Listens as `tests/cli/terminal/test_leaks.py` does: to all that the program says at DEBUG, the names of files, the
arguments and environments of programs, and to what is in every file, also in those that are gone at the end.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli" / "terminal"))

import test_leaks
from planted import LEAKS


def main() -> int:
    missed = []
    for leak in LEAKS:
        with tempfile.TemporaryDirectory(prefix="cprsync-leak-") as made:
            folder = Path(made)
            heard = test_leaks.listen_to(folder, "demo", "--keep", str(folder / "life" / "site"), leak=leak)
            said, files = test_leaks.leaks(heard), test_leaks.leaks_in(folder)
        sys.stdout.write(f"{leak}: heard {len(said)}, in {len(files)} files\n")
        missed += [] if said or files else [leak]
    sys.stdout.write(f"{len(LEAKS) - len(missed)} of {len(LEAKS)} planted leaks found\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
