"""Alter each statement of the rules that matter most, one at a time, and see a test of the domain turn red.

    python tests/sweeps/mutants.py [--only age,guard] [--children N] [--json]

Matching, protection, households, letters, `decide`, the guard, ages and rights: `[tool.mutmut]` in pyproject.toml names
the modules. mutmut is installed into an environment of its own in a scratch folder, beside a copy of the package; it
needs the way to a package index. mutmut leaves properties alone, so the copy has them as methods. The rows of the
tables, which it leaves alone too, are altered by `rules.py`.

Fails when a module has less than nine killed of ten. Survivors are printed with what was altered and, of those that
nothing can tell from the rule, with the reason.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import venv
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MUTMUT = "mutmut==3.8.1"
#: All modules take some ten minutes on one core.
CEILING_SECONDS = 60 * 60
ENOUGH = 0.90
#: Altered lines that nothing can tell from the first ones, and why.
SAME = {
    "return () if (called is None) and False else (called,)": (
        "a step without a name leads to silence about protection, and no merge forgets what a record says"
    ),
    "coming = STATUS_RULES[after].coming if (isinstance(after, Status)) or True else Action.STATUS": (
        "a step leads to a silent status only from one, and then it is none"
    ),
    "days = sorted(day for day in set(self.days(born)) if day >= after)": (
        "on the day itself the group is the one of that day"
    ),
    "days = sorted(day for day in _change_days(facts, policy) if day >= after)": (
        "on the day itself what is stored is what is stored on that day"
    ),
    "for day in sorted(day for day in turns if day >= today.on):": "on the day itself the answer is that of the day",
    "for day in policy.ladders.days(born) if (policy.products.ask_group()) or True else ():": (
        "where no product asks for the group, no answer changes with it: looking costs time alone"
    ),
    "return bool(_inside(self) == (_inside(other) if (isinstance(other, Sealed)) and False else other))": (
        "what is inside knows no sealed value, so python asks the other one, which looks inside itself"
    ),
    "mates: Iterable[Other], links: Iterable[Other] = (), *, silent_is_sealed: bool, others: int = 1": (
        "a house of nobody else is read as one of one other is"
    ),
}
_KILLED, _NO_TESTS = "killed", "no tests"
#: mutmut's words; a loop without an end is found out as well as a red test.
_OUTCOMES = {"timeout": _KILLED, "segfault": _KILLED}


@dataclass(frozen=True, slots=True)
class Survivor:
    """One mutant that no test tells from the rule. `same`: why none can; empty when one should."""

    name: str
    diff: str
    same: str


@dataclass(frozen=True, slots=True)
class Score:
    """One module's mutants."""

    module: str
    killed: int
    survived: int
    no_tests: int
    survivors: tuple[Survivor, ...]

    @property
    def share(self) -> float:
        return self.killed / max(1, self.killed + self.survived + self.no_tests)


class Bench:
    """A copy of the package and of the domain's tests, and an environment with mutmut."""

    def __init__(self, folder: Path) -> None:
        self.tree, home = folder / "tree", folder / "home"
        ignored = shutil.ignore_patterns("__pycache__", ".mypy_cache")
        for name in ("cprsync", "fixtures", "schemas", "tests/domain"):
            shutil.copytree(ROOT / name, self.tree / name, ignore=ignored)
        for name in ("pyproject.toml", "tests/town.py", "tests/culr_model.py"):
            shutil.copy(ROOT / name, self.tree / name)
        venv.create(home, with_pip=True)
        self._bin = home / "bin"
        subprocess.run([str(self._bin / "pip"), "-q", "install", MUTMUT], check=True, timeout=CEILING_SECONDS)
        # what the package needs comes from the environment that runs this
        (own,) = home.glob("lib/python*/site-packages")
        (own / "project.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")

    def mutmut(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(self._bin / "mutmut"), *arguments],
            cwd=self.tree,
            # with CI set, hypothesis draws the same examples each time and waits for the slow ones
            env={**os.environ, "CI": "1", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=CEILING_SECONDS,
        )
        if done.returncode:
            raise SystemExit(f"mutmut failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
        return done.stdout

    def unfold(self, module: str) -> None:
        """Write each property as a method that is made one below it: mutmut alters no decorated function."""
        path = self.tree / module
        path.write_text(unfolded(path.read_text(encoding="utf-8")), encoding="utf-8")


def unfolded(text: str) -> str:
    lines = text.splitlines()
    for node in sorted(ast.walk(ast.parse(text)), key=lambda one: -getattr(one, "lineno", 0)):
        if isinstance(node, ast.FunctionDef) and [ast.unparse(one) for one in node.decorator_list] == ["property"]:
            assert node.end_lineno is not None
            indent = " " * node.col_offset
            lines.insert(node.end_lineno, f"{indent}{node.name} = property(read_{node.name})")
            lines[node.lineno - 1] = lines[node.lineno - 1].replace(f"def {node.name}(", f"def read_{node.name}(", 1)
            del lines[node.lineno - 2]
    return "\n".join(lines) + "\n"


def modules() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [str(module) for module in config["tool"]["mutmut"]["only_mutate"]]


def scored(bench: Bench, module: str) -> Score:
    told = bench.mutmut("results", "--all", "1")
    found = re.findall(rf"^\s*({re.escape(dotted(module))}\.\S+): (.+)$", told, re.MULTILINE)
    outcomes = {name: _OUTCOMES.get(word, word) for name, word in found}
    counts = Counter(outcomes.values())
    survivors = tuple(survivor(bench, name) for name, word in outcomes.items() if word != _KILLED)
    left = len(survivors) - counts[_NO_TESTS]
    return Score(Path(module).stem, counts[_KILLED], left, counts[_NO_TESTS], survivors)


def dotted(module: str) -> str:
    return module.removesuffix(".py").replace("/", ".")


def survivor(bench: Bench, name: str) -> Survivor:
    shown = [line for line in bench.mutmut("show", name).splitlines() if re.match(r"[-+](?![-+])", line)]
    written = " ".join(line[1:].strip() for line in shown if line.startswith("+"))
    same = SAME.get(written, "")
    return Survivor(name, "\n".join(shown), same)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="names of modules, with commas between them")
    parser.add_argument("--children", type=int, default=1, help="processes at the same time")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    only = set(filter(None, wanted.only.split(",")))
    chosen = [module for module in modules() if not only or Path(module).stem in only]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for module in chosen:
            bench.unfold(module)
        names = [f"{dotted(module)}.*" for module in chosen]
        bench.mutmut("run", "--max-children", str(wanted.children), *names)
        scores = [scored(bench, module) for module in chosen]
    say(json.dumps([asdict(score) for score in scores]) if wanted.json else "\n".join(told(scores)))
    return 0 if all(score.share >= ENOUGH for score in scores) else 1


def told(scores: list[Score]) -> list[str]:
    lines = [f"{'module':16} {'killed':>6} {'survived':>8} {'no tests':>8} {'share':>6}"]
    lines += [f"{one.module:16} {one.killed:6} {one.survived:8} {one.no_tests:8} {one.share:6.1%}" for one in scores]
    for mutant in (survivor for score in scores for survivor in score.survivors):
        lines += ["", mutant.name, mutant.diff, *([f"makes no difference: {mutant.same}"] if mutant.same else [])]
    return lines


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
