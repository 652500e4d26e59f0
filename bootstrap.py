"""Sets dcfoot up in `.venv` beside this file and runs it. Needs Python 3.11 or later, no root, no other package.

    python3 bootstrap.py               set up, measure a small training run, print its receipt
    python3 bootstrap.py test [ARG..]  set up for the tests and run them all; ARGs go to pytest

What is installed is pinned with its hash in constraints.txt (constraints-test.txt for the tests); the package index is
the one that pip is configured for. Running it again installs again only what changed.
"""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - older Pythons still parse this file, and get a sentence for an answer
    for _newer in ("python3.13", "python3.12", "python3.11"):
        for _folder in os.get_exec_path():
            if os.access(os.path.join(_folder, _newer), os.X_OK):  # noqa: PTH118
                os.execv(os.path.join(_folder, _newer), [_newer, *sys.argv])  # noqa: PTH118, S606
    sys.exit(
        f"dcfoot needs Python 3.11 or later; this is Python {sys.version.split()[0]} ({sys.executable}), "
        "and there is no python3.11, python3.12 or python3.13 on the PATH."
    )

import hashlib
import shutil
import subprocess
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PIP_ZIPAPP_URL = "https://bootstrap.pypa.io/pip/pip.pyz"
"""Where pip's authors publish it as one file (pip's documentation, "Installation", "Standalone zip application")."""

NEXT = """
That was a receipt of a real training run on this machine. Next: put `{dcfoot} run --` before your own training command.
"""


def main(arguments: list[str]) -> int:
    """Runs the demonstration, or the tests for `test`; returns what they return."""
    if arguments[:1] == ["test"]:
        return run_tests(arguments[1:])
    if arguments:
        print(__doc__)
        return 0 if arguments[0] in {"-h", "--help"} else 2
    return run_demonstration()


def run_demonstration() -> int:
    """Measures a small training run; the receipt goes to the terminal."""
    set_up("constraints.txt")
    dcfoot = VENV / "bin" / "dcfoot"
    training = [str(VENV / "bin" / "python"), "-m", "dcfoot.demo"]
    status = subprocess.call([str(dcfoot), "run", "--name", "demo", "--", *training])
    if status == 0:
        print(NEXT.format(dcfoot=_as_typed(dcfoot)))
    return status


def run_tests(pytest_arguments: list[str]) -> int:
    """Runs every check and test that this machine can run; what it lacks is skipped with its reason."""
    compiler = [] if _has_compiler() else ["constraints-compiler.txt"]
    set_up("constraints-test.txt", *compiler)
    command = [str(VENV / "bin" / "python"), "-P", "-m", "pytest", *pytest_arguments]
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    return subprocess.call(command, cwd=HERE, env={**os.environ, "PATH": path})


def set_up(*locks: str) -> None:
    """Makes `.venv` hold what the files `locks` pin, and dcfoot itself, unless it does already."""
    started_s = time.monotonic()
    python = _environment()
    stamp = VENV / "dcfoot-set-up.txt"
    wanted = _fingerprint(locks)
    if stamp.is_file() and wanted in stamp.read_text().split():
        return
    pip = _pip(python)
    print(f"Setting up {VENV} (about a minute the first time) ...", flush=True)
    pinned = [option for lock in locks for option in ("-r", str(HERE / lock))]
    # The locks are complete. Asked for dependencies, pip would look at releases newer than the pinned ones for those
    # that are wanted with an extra, and refuse them for want of a hash.
    _install(pip, ["--require-hashes", "--no-deps", *pinned])
    _install(pip, ["--no-deps", "--no-build-isolation", "--editable", str(HERE)])
    with stamp.open("a") as file:
        file.write(wanted + "\n")
    print(f"Set up in {time.monotonic() - started_s:.0f} s.", flush=True)


def _fingerprint(locks: tuple[str, ...]) -> str:
    """Changes with whatever decides on what is installed."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("pyproject.toml", *locks):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def _environment() -> Path:
    """The Python of `.venv`; made, or made anew where it is broken or of another Python version."""
    python = VENV / "bin" / "python"
    if _version_of([str(python)]) != sys.version:
        venv.EnvBuilder(clear=True, symlinks=True, with_pip=False).create(VENV)
    return python


def _version_of(command: list[str]) -> str | None:
    try:
        return subprocess.run(
            [*command, "-c", "import sys; print(end=sys.version)"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def _pip(python: Path) -> list[str]:
    """The command of a pip that installs for `python`: its own, or another's where Debian's Python has no ensurepip."""
    own = [str(python), "-m", "pip"]
    if _works([*own, "--version"]):
        return own
    if _works([str(python), "-m", "ensurepip"]):
        return own
    beside = [sys.executable, "-m", "pip", "--python", str(python)]
    return beside if _works([*beside, "--version"]) else pip_zipapp(python)


def pip_zipapp(python: Path, url: str = PIP_ZIPAPP_URL, beside: Path = HERE, inside: Path = VENV) -> list[str]:
    """A pip in one file: `pip.pyz` beside this file if somebody put it there, else fetched into `.venv`."""
    zipapp = next((path for path in (beside / "pip.pyz", inside / "pip.pyz") if path.is_file()), inside / "pip.pyz")
    if not zipapp.is_file():
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - the constant above, or a test's file
                zipapp.write_bytes(answer.read())
        except (urllib.error.URLError, OSError) as error:
            sys.exit(
                f"This Python has neither pip nor ensurepip, and {url} cannot be fetched ({error}).\n"
                f"Either: apt install python3-venv (as root)\n"
                f"Or: fetch that file on another machine and put it at {beside / 'pip.pyz'}"
            )
    return [str(python), str(zipapp)]


def _install(pip: list[str], arguments: list[str]) -> None:
    command = [*pip, "install", "--quiet", "--no-input", "--disable-pip-version-check", *arguments]
    if subprocess.call(command) != 0:
        sys.exit(
            f"Set-up failed at: {' '.join(command)}\nThe lines above say why; with the cause mended, run it again."
        )


def _works(command: list[str]) -> bool:
    """Whether `command` can be run and succeeds."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _has_compiler() -> bool:
    return any(shutil.which(name) for name in (os.environ.get("CC", "cc"), "cc", "gcc", "clang"))


def _as_typed(path: Path) -> str:
    """The path as a person in this folder would type it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
