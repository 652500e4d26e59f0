"""The checks that read the code instead of running it. They start together, for each alone leaves a core idle."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from simulated.environ import unobserved
from simulated.peers import absent

ROOT = Path(__file__).resolve().parents[2]

CHECKS = {
    "ruff finds nothing": ("ruff", ["-m", "ruff", "check", "."]),
    "ruff would format nothing": ("ruff", ["-m", "ruff", "format", "--diff", "."]),
    "mypy strict": ("mypy", ["-m", "mypy"]),
    "pyright strict": ("pyright", ["-m", "pyright", "--pythonpath", sys.executable]),
    "every import points downwards": (
        "importlinter",
        ["-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"],
    ),
}


def said(folder: Path, name: str) -> Path:
    """Where a check writes what it says."""
    return folder / name.replace(" ", "-")


def begun(command: list[str], output: Path) -> subprocess.Popen[bytes]:
    """A check that runs and writes what it says into a file, which a second try of its test can read again."""
    with output.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=unobserved(PYRIGHT_PYTHON_IGNORE_WARNINGS="1", NO_COLOR="1"),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checks")


@pytest.fixture(scope="module")
def started(folder: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Every check whose tool is installed, running."""
    processes = {
        name: begun(command, said(folder, name)) for name, (tool, command) in CHECKS.items() if find_spec(tool)
    }
    yield processes
    for process in processes.values():
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", CHECKS)
def test_the_code_passes(name: str, started: dict[str, subprocess.Popen[bytes]], folder: Path) -> None:
    if name not in started:
        absent(f"{CHECKS[name][0]} is not installed; `python3 bootstrap.py test` installs it")
    assert started[name].wait() == 0, said(folder, name).read_text()
