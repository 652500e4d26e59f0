"""What is run before a release, beyond `python3 bootstrap.py test`: other Pythons, the oldest dependencies, the locks.

nox -s tests        the whole suite on each Python that the package is classified for
nox -s lowest       the suite on the oldest versions that pyproject.toml allows
nox -s lock         writes constraints*.txt anew: newest versions, hashes, no address of any index
"""

import os
from pathlib import Path

import nox

nox.options.sessions = ["tests"]
nox.options.error_on_missing_interpreters = True

PYTHONS = ["3.11", "3.12", "3.13"]

LOCKS = {
    "constraints.txt": ["pyproject.toml", "--group", "build"],
    "constraints-test.txt": ["pyproject.toml", "--group", "test", "--constraint", "constraints.txt"],
    "constraints-compiler.txt": ["--group", "compiler"],
}

# pyenv's Pythons are found without activating each.
os.environ["PATH"] = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), *map(str, sorted((Path.home() / ".pyenv" / "versions").glob("3.1[1-9]*/bin")))]
)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The whole suite, on the pinned versions."""
    session.install("--require-hashes", "--no-deps", "-r", "constraints-test.txt")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")
    session.run("python", "-P", "-m", "pytest", "--cov", "--cov-report=term", *session.posargs)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """The suite, less the checks that read the code, on the oldest direct dependencies that pyproject.toml allows."""
    oldest = str(Path(session.create_tmp()) / "lowest.txt")
    session.install("uv")
    session.run(
        *("uv", "pip", "compile", "--quiet", "--resolution", "lowest-direct", "--python-version", PYTHONS[0]),
        *("pyproject.toml", "--all-extras", "--output-file", oldest),
    )
    session.install("-r", oldest, "hypothesis", "jsonschema", "packaging", "pytest", "pytest-timeout", "hatchling")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")
    session.run(
        *("python", "-P", "-m", "pytest", "--ignore=tests/end_to_end/test_lint.py"),
        *("--ignore=tests/end_to_end/test_bootstrap.py", *session.posargs),
    )


@nox.session
def lock(session: nox.Session) -> None:
    """Pins the newest versions for every Python, by hash."""
    session.install("uv")
    for name, what in LOCKS.items():
        session.run(
            *("uv", "pip", "compile", "--quiet", "--no-config", "--universal", "--python-version", PYTHONS[0]),
            *("--generate-hashes", "--no-header", "--no-annotate", "--upgrade", *what, "--output-file", name),
        )
