"""The two commands of the README, on a machine with Python and nothing else; and the other Pythons it may have."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from simulated.environ import unobserved
from simulated.peers import absent
from simulated.pythons import find_python
from simulated.repository import ROOT, tracked_files

CLASSIFIERS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
PYTHONS = re.findall(r"Python :: (3\.\d+)", "\n".join(CLASSIFIERS))
NO_PIP = "raise ImportError('as on Debian without python3-venv')\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh copy of the project's files."""
    folder = tmp_path / "a fresh clone"
    for path in tracked_files():
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return folder


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    spec = spec_from_file_location("bootstrap", ROOT / "bootstrap.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _bare(home: Path, **changes: str) -> dict[str, str]:
    """What `env -i` leaves, and where this machine's package index is."""
    home.mkdir(exist_ok=True)
    index = ("PIP_", "UV_", "SSL_", "REQUESTS_", "HTTP_", "HTTPS_", "NO_PROXY", "http_", "https_", "no_proxy")
    kept = {name: value for name, value in os.environ.items() if name.startswith(index)}
    return {**kept, "HOME": str(home), "PATH": "/usr/bin:/bin", **changes}


@pytest.mark.timeout(400)
def test_one_command_sets_up_and_measures_where_python_came_without_venv_and_pip_refuses_the_system(
    clone: Path, tmp_path: Path
) -> None:
    stub = tmp_path / "stub" / "ensurepip"
    stub.mkdir(parents=True)
    (stub / "__init__.py").write_text(NO_PIP)
    done = subprocess.run(
        [sys.executable, "bootstrap.py"],
        cwd=clone,
        env=_bare(tmp_path / "home", PYTHONPATH=str(stub.parent), PYTHONDONTWRITEBYTECODE="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if "Set-up failed" in done.stdout:
        absent(f"no package index answers: {done.stdout[-2000:]}")
    assert done.returncode == 0, done.stdout
    set_up = re.search(r"Set up in (\d+) s", done.stdout)
    assert set_up
    assert int(set_up[1]) < 120
    assert re.search(r"epoch 20 .* accuracy +\d\d\.\d%", done.stdout)
    assert "kWh" in done.stdout
    assert "Next: put `.venv/bin/dcfoot run --` before your own training command" in done.stdout


def test_a_python_that_is_too_old_is_told_which_one_to_use(tmp_path: Path) -> None:
    older = next(filter(None, map(find_python, ("3.10", "3.9", "3.8", "3.7", "3.6"))), None)
    if older is None:
        pytest.skip("no Python older than 3.11 on this machine")
    done = subprocess.run(
        [older, ROOT / "bootstrap.py"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(b"dcfoot needs Python 3.11 or later; this is Python 3.")


def test_a_python_that_is_too_old_hands_over_to_one_that_is_not(tmp_path: Path) -> None:
    older = next(filter(None, map(find_python, ("3.10", "3.9", "3.8", "3.7", "3.6"))), None)
    newer = find_python("3.11")
    if older is None or newer is None:
        pytest.skip("no Python older than 3.11 beside a 3.11 on this machine")
    (tmp_path / "python3.11").symlink_to(newer.resolve())
    done = subprocess.run(
        [older, ROOT / "bootstrap.py", "--help"], env={"PATH": str(tmp_path)}, stdout=subprocess.PIPE, check=True
    )
    assert b"python3 bootstrap.py test" in done.stdout


def test_without_any_pip_the_one_that_was_fetched_is_used(bootstrap: ModuleType, tmp_path: Path) -> None:
    published = tmp_path / "published.pyz"
    published.write_bytes(b"a pip")
    (tmp_path / ".venv").mkdir()
    command = bootstrap.pip_zipapp(Path("python"), published.as_uri(), tmp_path, tmp_path / ".venv")
    assert command == ["python", str(tmp_path / ".venv" / "pip.pyz")]
    assert Path(command[1]).read_bytes() == b"a pip"


def test_without_any_pip_and_without_a_network_the_way_out_is_named(bootstrap: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        bootstrap.pip_zipapp(Path("python"), (tmp_path / "nothing").as_uri(), tmp_path, tmp_path)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("version", PYTHONS)
def test_each_python_of_the_classifiers_that_is_here_measures_a_run(version: str, tmp_path: Path) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    environment = tmp_path / "venv"
    subprocess.run([python, "-m", "venv", "--without-pip", environment], env=unobserved(), check=True)
    wanted = re.compile(r"^(?:nvidia-ml-py|platformdirs|psutil)==.*(?:\n +--hash.*)+", re.MULTILINE)
    lock = tmp_path / "lock.txt"
    lock.write_text("\n".join(match[0] for match in wanted.finditer((ROOT / "constraints.txt").read_text())))
    pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python"), "install", "-q", "--no-deps"]
    done = subprocess.run([*pip, "--require-hashes", "-r", lock], env=unobserved(), check=False, capture_output=True)
    if done.returncode:
        absent(f"no package index answers: {done.stderr.decode()[-2000:]}")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=ROOT, check=True)
    subprocess.run([*pip, "--no-index", *tmp_path.glob("*.whl")], env=unobserved(), check=True)
    run = subprocess.run(
        [environment / "bin" / "dcfoot", "run", "--", "sh", "-c", "exit 3"],
        cwd=tmp_path,
        env=unobserved(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 3, run.stderr
    assert "kWh" in run.stdout + run.stderr
