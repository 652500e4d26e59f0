"""A study's files: all of them whole, or none."""

import csv
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from dcfoot.cli import main
from dcfoot.errors import StudyError
from dcfoot.version import VERSION
from dcfoot_scenarios.compare import Comparison, compare
from dcfoot_scenarios.output import write
from dcfoot_scenarios.study import Study
from simulated.near import near
from simulated.trees import as_nobody, folder_for_all

KEYS: dict[str, object] = {
    "study": "small",
    "uncertainty": {"draws": 0},
    "load": {"it_capacity_mw": 10},
    "baseline": {"site": "dk_copenhagen", "cooling": "dx"},
}


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(Study.of(KEYS))


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB: the hours of a year do not fit."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_every_file_is_written_and_nothing_else_is_left(comparison: Comparison, tmp_path: Path) -> None:
    written = write(comparison, tmp_path / "out" / "deep")
    assert {"figures.csv", "study.json", "evidence.csv", "hours_baseline.csv.gz"} <= {path.name for path in written}
    assert everything(tmp_path / "out" / "deep") == sorted(path.name for path in written)


def test_on_a_full_disk_nothing_is_left_and_what_was_there_stays(comparison: Comparison, full_disk: Path) -> None:
    with pytest.raises(StudyError, match="No space left on device; choose another --out"):
        write(comparison, full_disk / "out")
    assert everything(full_disk) == []
    (full_disk / "figures.csv").write_text("before")
    with pytest.raises(StudyError, match="No space left"):
        write(comparison, full_disk)
    assert everything(full_disk) == ["figures.csv"]
    assert (full_disk / "figures.csv").read_text() == "before"


def test_where_a_folder_has_the_name_of_a_file_no_file_is_replaced(comparison: Comparison, tmp_path: Path) -> None:
    (tmp_path / "study.json").mkdir()
    (tmp_path / "figures.csv").write_text("before")
    with pytest.raises(StudyError, match=r"study\.json: there is a folder of that name; choose another --out"):
        write(comparison, tmp_path)
    assert everything(tmp_path) == ["figures.csv", "study.json"]
    assert (tmp_path / "figures.csv").read_text() == "before"


def test_a_file_in_the_place_of_the_folder_is_told(comparison: Comparison, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(StudyError, match="out: File exists; choose another --out"):
        write(comparison, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_hours_of_a_scenario_that_is_gone_go_with_it_and_files_of_others_stay(
    comparison: Comparison, tmp_path: Path
) -> None:
    more = replace(comparison, outcomes={**comparison.outcomes, "gone": comparison.baseline})
    write(more, tmp_path)
    (tmp_path / "hours_mine.csv.gz").write_text("mine")
    assert (tmp_path / "hours_gone.csv.gz").exists()
    write(comparison, tmp_path)
    assert {"hours_baseline.csv.gz", "hours_mine.csv.gz"} <= set(everything(tmp_path))
    assert "hours_gone.csv.gz" not in everything(tmp_path)


def test_what_was_not_computed_is_marked_in_every_file(tmp_path: Path) -> None:
    study = Study.of({**KEYS, "variants": {"never": {"warming_k": 1}}})
    comparison = replace(compare(Study.of(KEYS)), study=study)
    write(comparison, tmp_path)
    assert json.loads((tmp_path / "study.json").read_text(encoding="utf-8"))["missing"] == ["never"]
    assert re.search(r"^never,+$", (tmp_path / "figures.csv").read_text(encoding="utf-8"), re.MULTILINE)
    assert "not computed: never" in (tmp_path / "page_en.html").read_text(encoding="utf-8")


def test_intervals_stand_in_a_table_with_their_units_and_the_studys_money(tmp_path: Path) -> None:
    money = {"currency": "EUR", "rates": {"USD": 0.9}}
    keys = {**KEYS, "uncertainty": {"draws": 10}, "money": money, "variants": {"warm": {"warming_k": 1}}}
    comparison = compare(Study.of(keys))
    write(comparison, tmp_path)
    with (tmp_path / "intervals.csv").open(encoding="utf-8") as file:
        rows = {(row["scenario"], row["figure"]): row for row in csv.DictReader(file)}
    found = rows["warm", "cost_per_year"]
    assert found["unit"] == "EUR"
    assert float(found["p5"]) < float(found["value"]) < float(found["p95"])
    assert float(found["value"]) == near(comparison.outcomes["warm"].figures["cost_per_year"])
    assert ",money" not in (tmp_path / "differences.csv").read_text(encoding="utf-8")


def test_a_data_package_names_every_file_with_its_hash_and_the_study_that_it_is_of(
    comparison: Comparison, tmp_path: Path
) -> None:
    write(comparison, tmp_path)
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    assert package["study"]["hash"] == comparison.study.hash
    assert package["versions"]["dcfoot"] == VERSION
    assert package["uncertainty"] == {"draws": 0, "seed": 1}
    hashes = {one["path"]: one["hash"] for one in package["resources"]}
    assert set(hashes) == set(everything(tmp_path)) - {"datapackage.json"}
    for path, found in hashes.items():
        assert found == f"sha256:{hashlib.sha256((tmp_path / path).read_bytes()).hexdigest()}"


def test_parquet_says_what_csv_says_and_what_it_is_of(comparison: Comparison, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    write(comparison, tmp_path)
    for name in ("figures", "intervals", "evidence"):
        table, plain = pd.read_parquet(tmp_path / f"{name}.parquet"), pd.read_csv(tmp_path / f"{name}.csv")
        assert list(table.columns) == list(plain.columns)
        assert len(table) == len(plain)
        assert table.attrs["study"]["hash"] == comparison.study.hash
    hours = pd.read_parquet(tmp_path / "hours_baseline.parquet")
    plain = pd.read_csv(tmp_path / "hours_baseline.csv.gz", parse_dates=["time"])
    assert hours["load_mw"].to_numpy() == near(plain["load_mw"].to_numpy())
    assert (hours["time"] == plain["time"]).all()


def test_without_pyarrow_and_matplotlib_the_rest_is_written_and_the_pages_are_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("pyarrow", "matplotlib"):  # as where they are not installed
        monkeypatch.setitem(sys.modules, name, None)
    study = tmp_path / "small.yaml"
    study.write_text(json.dumps(KEYS), encoding="utf-8")
    assert main(["plan", str(study), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "datapackage.json" in said.err
    assert "its pages need matplotlib: python -m pip install 'dcfoot[report]'" in said.err
    assert f"dcfoot {VERSION}, study " in said.out
    assert {"figures.csv", "study.json", "hours_baseline.csv.gz"} <= set(everything(tmp_path / "out"))
    assert [name for name in everything(tmp_path / "out") if name.endswith((".html", ".parquet"))] == []


def test_a_folder_that_may_not_be_written_is_told(comparison: Comparison) -> None:
    with folder_for_all() as folder:
        folder.chmod(0o555)
        with as_nobody(), pytest.raises(StudyError, match="Permission denied; choose another --out"):
            write(comparison, folder)
        assert everything(folder) == []
