"""Every notebook runs from top to bottom as a reader runs it, without the network, and its figures come out.

Whatever ends in ``.ipynb`` in notebooks/ is tried: one more notebook is one more file. Each is run in a folder of its
own, so that it needs nothing but what is installed.
"""

import base64
import io
import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dcfoot_scenarios.library import study_names
from simulated.environ import unobserved
from simulated.peers import absent
from simulated.repository import ROOT, installed_program

FOLDER = ROOT / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))

NEEDED = ("ipykernel", "matplotlib", "nbclient")

CELL_S = 90
"""How long a cell may take [s]: whole notebooks take a quarter of that on a quiet machine."""

OFFLINE = '''
import sys


def refuse(event, arguments):
    """Lets nothing out of this machine: no name is looked up, and sockets reach this machine only."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        if not str(arguments[1][0]).startswith(("127.", "::1", "localhost")):
            raise OSError("a notebook must not need the network")
    if event == "socket.getaddrinfo" and arguments[0] not in {"127.0.0.1", "::1", "localhost", None}:
        raise OSError("a notebook must not need the network")


sys.addaudithook(refuse)
'''
"""What Python runs at the start of every kernel (``sitecustomize``, docs of the module `site`)."""

Cell = Mapping[str, Any]


class Notebook:
    """A notebook as it stands in its file."""

    def __init__(self, text: str) -> None:
        self.document: dict[str, Any] = json.loads(text)

    @property
    def cells(self) -> Sequence[Cell]:
        found: Sequence[Cell] = self.document["cells"]
        return found

    @property
    def code(self) -> Sequence[Cell]:
        return [cell for cell in self.cells if cell["cell_type"] == "code"]

    @cached_property
    def outputs(self) -> Sequence[tuple[Cell, Mapping[str, Any]]]:
        """Every output with its cell."""
        return [(cell, output) for cell in self.code for output in cell["outputs"]]

    def pictures(self, cell: Cell) -> list[bytes]:
        """What a cell has drawn."""
        found = [output.get("data", {}).get("image/png") for one, output in self.outputs if one is cell]
        return [base64.b64decode(picture) for picture in found if picture]


def source(cell: Cell) -> str:
    return "".join(cell["source"])


def run(notebook: Path, home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs a notebook in its place by the command that comes with nbclient; the reader's home is `home`."""
    absent_packages = [name for name in NEEDED if not find_spec(name)]
    if absent_packages:
        absent(f"not installed: {', '.join(absent_packages)}; the extra `notebooks` has them")
    (home / "offline").mkdir(parents=True, exist_ok=True)
    (home / "offline" / "sitecustomize.py").write_text(OFFLINE)
    return subprocess.run(
        [installed_program("jupyter-execute"), "--inplace", f"--timeout={CELL_S}", notebook.name],
        cwd=notebook.parent,
        env=unobserved(HOME=str(home), PYTHONPATH=str(home / "offline"), **environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def small(*sources: str) -> str:
    """A notebook of these cells of code."""
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": text,
        }
        for number, text in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a reader who never ran anything: no settings, no kernels, no fonts known to matplotlib."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module", params=PATHS, ids=lambda path: path.stem)
def executed(request: pytest.FixtureRequest, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    """A notebook after it was run."""
    path = tmp_path_factory.mktemp("notebook") / request.param.name
    path.write_text(request.param.read_text())
    store = home / "store"
    done = run(path, home, DCFOOT_DATA_DIR=str(store), XDG_CONFIG_HOME=str(home / "config"))
    assert done.returncode == 0, done.stdout
    assert not store.exists(), "a notebook keeps its runs away from the reader's"
    assert list(path.parent.iterdir()) == [path], "a notebook leaves nothing behind"
    return Notebook(path.read_text())


@pytest.mark.timeout(300)
class TestARun:
    def test_reaches_every_cell_in_order_without_a_word_on_stderr(self, executed: Notebook) -> None:
        counts = [cell["execution_count"] for cell in executed.code]
        assert counts == list(range(1, len(counts) + 1))
        kinds = {output["output_type"] for _, output in executed.outputs}
        assert kinds <= {"stream", "display_data", "execute_result"}
        said = [output["text"] for _, output in executed.outputs if output.get("name") == "stderr"]
        assert said == []

    def test_draws_each_of_its_figures(self, executed: Notebook) -> None:
        import numpy as np
        from matplotlib.image import imread

        drawing = [cell for cell in executed.code if "plt.subplots(" in source(cell)]
        assert drawing, "a notebook without a figure"
        for cell in drawing:
            pictures = [np.asarray(imread(io.BytesIO(png))) for png in executed.pictures(cell)]
            assert len(pictures) == source(cell).count("plt.subplots("), source(cell)
            for picture in pictures:
                coloured = np.ptp(picture[..., :3], axis=2) > 0.1  # axes, labels and blank paper are gray
                assert min(picture.shape[:2]) > 150
                assert coloured.mean() > 0.005, "a picture of nothing"

    def test_checks_its_own_figures(self, executed: Notebook) -> None:
        assert any(line.startswith("assert ") for cell in executed.code for line in source(cell).splitlines())


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
class TestAFile:
    def test_is_kept_without_outputs(self, path: Path) -> None:
        kept = [(cell["execution_count"], cell["outputs"]) for cell in Notebook(path.read_text()).code]
        assert kept == [(None, [])] * len(kept), "clear all outputs and save"

    def test_begins_with_its_title_and_a_summary_in_chinese(self, path: Path) -> None:
        first = Notebook(path.read_text()).cells[0]
        assert first["cell_type"] == "markdown"
        assert source(first).startswith("# ")
        assert len(re.findall(r"[\u4e00-\u9fff]", source(first))) > 30

    def test_has_words_around_its_code(self, path: Path) -> None:
        kinds = [cell["cell_type"] for cell in Notebook(path.read_text()).cells]
        assert "code code code" not in " ".join(kinds)

    def test_leads_to_pages_that_are_there(self, path: Path) -> None:
        cells = [source(cell) for cell in Notebook(path.read_text()).cells if cell["cell_type"] == "markdown"]
        targets = re.findall(r"\]\((?!https?:)([^)#\s]+)", "\n".join(cells))
        assert [target for target in targets if not (FOLDER / target).exists()] == []

    def test_stands_in_the_readme_of_its_folder(self, path: Path) -> None:
        assert f"({path.name})" in (FOLDER / "README.md").read_text()


def test_there_is_one_for_a_measured_run_and_one_for_a_sites_year() -> None:
    assert {"measured_run", "site_year"} <= {path.stem for path in PATHS}


@pytest.mark.parametrize("name", study_names())
def test_each_study_that_comes_along_is_told_by_one(name: str) -> None:
    read = [path.stem for path in PATHS if any(f'"{name}"' in source(cell) for cell in Notebook(path.read_text()).code)]
    told = [
        line for line in (FOLDER.parent / "docs" / "studies" / "README.md").read_text().splitlines() if name in line
    ]
    assert [stem for stem in read if f"(../../notebooks/{stem}.ipynb)" in "".join(told)] == read != []


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("assert 1 + 1 == 3", "AssertionError"),
        ("import socket; socket.create_connection(('192.0.2.1', 80), 1)", "must not need the network"),
        ("from urllib.request import urlopen; urlopen('http://example.com')", "must not need the network"),
    ],
)
def test_a_cell_that_fails_or_asks_the_network_fails_its_notebook(
    cell: str, said: str, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "bad.ipynb"
    path.write_text(small("print('before')", cell))
    done = run(path, home)
    assert done.returncode != 0
    assert said in done.stdout
