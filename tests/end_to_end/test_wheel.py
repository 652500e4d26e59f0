"""The wheel is what users get: it is built, and tried in an environment that holds no source."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from simulated.environ import unobserved
from simulated.repository import ROOT, tracked_files

PACKAGES = {"dcfoot": "dcfoot", "probes": "dcfoot_probes", "scenarios": "dcfoot_scenarios"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive."""
    folder = tmp_path_factory.mktemp("built")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(folder)],
        cwd=ROOT,
        env=unobserved(),
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment with the wheel and what it needs, and nothing that leads to the source."""
    folder = tmp_path_factory.mktemp("installed")
    environment = folder / "venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index", str(wheel)],
        env=unobserved(),
        check=True,
    )
    dependencies = folder / "dependencies"
    dependencies.mkdir()
    here = Path(pytest.__file__).parents[1]
    for entry in here.iterdir():
        if "dcfoot" not in entry.name and entry.suffix != ".pth":
            (dependencies / entry.name).symlink_to(entry)
    (site_packages,) = environment.glob("lib/python3.*/site-packages")
    (site_packages / "dependencies.pth").write_text(f"{dependencies}\n")
    return environment / "bin"


def _contents(archive: Path) -> set[str]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return set(wheel.namelist())
    with tarfile.open(archive) as tar:
        return {name.partition("/")[2] for name in tar.getnames()}


def _run(installed: Path, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(installed / command[0]), *command[1:]],
        cwd=cwd,
        env=unobserved(HOME=str(cwd), DCFOOT_DATA_DIR=str(cwd / "data")),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_every_file_of_the_three_packages_and_no_other(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    source = {
        path.relative_to(ROOT / outer).as_posix()
        for path in tracked_files()
        for outer, package in PACKAGES.items()
        if path.is_relative_to(ROOT / outer / package)
    }
    assert {name for name in _contents(wheel) if ".dist-info/" not in name} == source
    assert {f"{package}/py.typed" for package in PACKAGES.values()} <= source


def test_the_source_archive_holds_what_its_tests_need(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    needed = {
        path.relative_to(ROOT).as_posix()
        for path in tracked_files()
        if path.relative_to(ROOT).parts[0]
        in {*PACKAGES, "tests", "docs", "bootstrap.py", "pyproject.toml", "README.md"}
    }
    assert needed <= _contents(archive)


def test_the_installed_packages_come_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = "import dcfoot, dcfoot_probes as p, dcfoot_scenarios as s; print(dcfoot.__file__, p.__file__, s.__file__)"
    done = _run(installed, "python", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(file.startswith(str(installed.parent)) for file in done.stdout.split())


def test_the_installed_command_knows_its_version(installed: Path, tmp_path: Path) -> None:
    done = _run(installed, "dcfoot", "--version", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("dcfoot ")


def test_the_installed_doctor_looks_at_the_machine(installed: Path, tmp_path: Path) -> None:
    done = _run(installed, "dcfoot", "doctor", cwd=tmp_path)
    assert done.returncode in {0, 3}, done.stderr
    assert done.stdout


def test_the_installed_run_prints_a_receipt_and_returns_the_jobs_status(installed: Path, tmp_path: Path) -> None:
    done = _run(installed, "dcfoot", "run", "--", "python", "-c", "raise SystemExit(7)", cwd=tmp_path)
    assert done.returncode == 7, done.stderr
    assert "kWh" in done.stderr + done.stdout
