"""The tests tested: break a copy of the code in one place, and see the named test fail.

python -m support.breaks            every patch of tests/faults/breaks
python -m support.breaks 07 12      those whose name begins so
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests/faults/breaks"
PACKAGES = (
    "libs/common/src",
    "services/registry/src",
    "services/eligibility/src",
    "services/notifications/src",
)
HEADER = re.compile(
    r"\A# breaks: (?P<what>.+)\n# promise: (?P<promise>\d+)\n"
    r"# fails: (?P<test>tests/\S+::test_\S+)\n"
)
TOUCHED = re.compile(r"^\+\+\+ b/(\S+)$", re.MULTILINE)
TEST_SECONDS = 180.0
MISTAKES = ("ImportError", "ModuleNotFoundError", "NameError", "SyntaxError", "UnboundLocalError")
"""What a patch with a mistake of its own raises; a test that fails so has caught nothing."""
CUT = "Failed: Timeout"
"""pytest-timeout's word for a test that it cut: it may have been slow for another reason."""


class BreakInvalid(ValueError):
    """A patch is not one: its header, what it touches, or where it applies."""


@dataclass(frozen=True, slots=True)
class Break:
    """One patch: what it breaks, the promise of docs/guarantees.md, the test that must fail."""

    path: Path
    what: str
    promise: int
    test: str
    touched: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Break:
        """Raises BreakInvalid."""
        text = path.read_text(encoding="utf-8")
        header = HEADER.match(text)
        touched = tuple(TOUCHED.findall(text))
        if header is None:
            raise BreakInvalid(f"{path.name}: its first lines are # breaks, # promise and # fails")
        if not touched or any(not name.startswith(PACKAGES) for name in touched):
            raise BreakInvalid(f"{path.name}: touches {touched}, which is not the source")
        return cls(path, header["what"], int(header["promise"]), header["test"], touched)

    @property
    def name(self) -> str:
        return self.path.stem

    def applies(self, folder: Path, *, check: bool = False) -> None:
        """Apply to a copy, or only `check` that it would; raises BreakInvalid."""
        command = ["git", "apply", *(["--check"] if check else []), str(self.path)]
        # Below a checkout, git would take the patch's paths from that checkout's root.
        outside = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
        done = subprocess.run(
            command, cwd=folder, env=outside, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BreakInvalid(f"{self.name} does not apply any more: {done.stderr.strip()}")


def all_breaks(names: Sequence[str] = ()) -> list[Break]:
    """The patches in order, those whose names begin with one of `names`, or all."""
    paths = sorted(FOLDER.glob("*.patch"))
    return [Break.read(path) for path in paths if not names or path.name.startswith(tuple(names))]


def broken_copy(one: Break, folder: Path) -> dict[str, str]:
    """Copy the source, apply the patch; the environment in which the copy is what is imported."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    one.applies(folder)
    paths = [str(folder / package) for package in PACKAGES]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    for name in one.touched:
        package = Path(name.split("/src/")[1]).parts[0]
        find = f"import {package}; print({package}.__file__)"
        imported = subprocess.run(
            [sys.executable, "-c", find],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        if not imported.startswith(str(folder)):
            raise BreakInvalid(f"{one.name}: {imported} would be imported, not the copy")
    return environment


@dataclass(frozen=True, slots=True)
class Result:
    """How a test came out: `passed`, `failed` with why, or `broken` when it could not be asked."""

    outcome: str
    why: str
    seconds: float


def run(tests: Sequence[str], environment: dict[str, str], folder: Path) -> dict[str, Result]:
    """Run tests in a process of their own; each by its id without parameters."""
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-x" if len(tests) == 1 else "-v"]
    command += ["-p", "no:cacheprovider", f"--junitxml={report}", *tests]
    begun = time.monotonic()
    limit = TEST_SECONDS * max(1, len(tests) / 4)
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return {test: Result("broken", f"no end within {limit:.0f} s", limit) for test in tests}
    if not report.exists():
        last = done.stdout.decode(errors="replace").strip().splitlines()[-3:]
        return {test: Result("broken", " / ".join(last), 0.0) for test in tests}
    found = dict(_results(ET.parse(report)))  # noqa: S314 - pytest wrote it a moment ago
    seconds = time.monotonic() - begun
    return {test: found.get(test, Result("broken", "was not run", seconds)) for test in tests}


def _results(report: ET.ElementTree[ET.Element]) -> Iterator[tuple[str, Result]]:
    """Of a test with parameters, the worst case counts."""
    worst: dict[str, Result] = {}
    for case in report.iter("testcase"):
        file = case.attrib.get("classname", "").replace(".", "/") + ".py"
        test = f"{file}::{case.attrib['name'].split('[')[0]}"
        result = _result(case)
        if test not in worst or worst[test].outcome == "passed":
            worst[test] = result
    yield from worst.items()


def _result(case: ET.Element) -> Result:
    seconds = float(case.attrib.get("time", "0"))
    for kind, outcome in (("error", "broken"), ("failure", "failed"), ("skipped", "broken")):
        if (told := case.find(kind)) is not None:
            why = told.attrib.get("message", "").strip() or kind
            mistaken = why.startswith(CUT) or any(
                f"{name}(" in why or why.startswith(name) for name in MISTAKES
            )
            return Result("broken" if mistaken else outcome, why, seconds)
    return Result("passed", "", seconds)


def main(names: Sequence[str]) -> int:
    """Every break, one after the other; how many were not caught."""
    from support.stack import SharedStack  # noqa: PLC0415 - the patches are checked without it

    console = Console()
    breaks = all_breaks(names)
    stack = SharedStack.start()
    try:
        with tempfile.TemporaryDirectory(prefix="breaks-") as home:
            return _main(breaks, console, Path(home))
    finally:
        if stack:
            stack.stop()


def _main(breaks: Sequence[Break], console: Console, home: Path) -> int:
    tests = list(dict.fromkeys(one.test for one in breaks))
    console.print(f"{len(tests)} tests on the code as it is ...")
    whole = run(tests, dict(os.environ), home)
    for test, result in whole.items():
        if result.outcome != "passed":
            console.print(f"[red]{test} fails without a break: {result.why[:300]}")
    table = Table("break", "promise", "test that must fail", "", "s", "as")
    missed = sum(result.outcome != "passed" for result in whole.values())
    for one in breaks:
        folder = home / one.name
        result = run([one.test], broken_copy(one, folder), folder)[one.test]
        caught = result.outcome == "failed"
        missed += not caught
        word = "[green]caught" if caught else f"[red]NOT CAUGHT ({result.outcome})"
        why = next(iter(result.why.splitlines()), "")[:60]
        row = (one.name, str(one.promise), one.test.split("::")[1], word, f"{result.seconds:.1f}")
        table.add_row(*row, why)
        console.print(f"{one.name}: {word}[/] in {result.seconds:.1f} s: {why}", markup=True)
        shutil.rmtree(folder)
    console.print(table)
    console.print(f"{len(breaks)} breaks, {missed} not caught or without a passing test")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
