"""What is exported is what the store has, to pandas, Dask and DuckDB alike; a file is whole or not there."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import duckdb
import pandas as pd
import pytest

from dcfoot.errors import ConfigError, StoreError
from dcfoot.reading import Channel, Domain
from dcfoot_probes.daemon.store import FrameReader
from dcfoot_probes.daemon.store.export import export_day
from dcfoot_probes.daemon.words import Split
from simulated.frames import GPUS, JOB, Open, frame
from simulated.near import near

DAY = date(2026, 9, 22)
OTHER = Channel("gpu/02", Domain.GPU, "GPU-X")
"""A host whose name is no name of a folder."""


@pytest.fixture
def folder(tmp_path: Path, open_store: Open) -> Path:
    """Two days of two hosts, exported: a GPU at 300 W of which a job has a half, and another at 100 W."""
    store = open_store()
    splits = {GPUS[0]: Split({JOB: 0.5}, 0.25, 0.25)}
    for second in range(0, 7200, 10):
        store.add(frame(second, 3000.0, duration_s=10.0, splits=splits))
        store.add(frame(second + 86_400, 1000.0, duration_s=10.0, channels=[OTHER]))
    assert store.flush()
    with FrameReader(store.path) as reader:
        for day in (DAY, date(2026, 9, 23), date(2026, 9, 24)):
            export_day(reader, tmp_path / "out", day)
    return tmp_path / "out"


def test_there_is_a_file_a_day_and_host_and_none_for_a_day_of_which_nothing_is_known(folder: Path) -> None:
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "energy/date=2026-09-22/host=gpu01/minutes.parquet",
        "energy/date=2026-09-23/host=gpu%2F02/minutes.parquet",
        "units/date=2026-09-22/host=gpu01/hours.parquet",
        "units/date=2026-09-23/host=gpu%2F02/hours.parquet",
    ]


def test_pandas_reads_the_folder_as_one_table(folder: Path) -> None:
    table = pd.read_parquet(folder / "energy")
    assert dict(table.groupby("host", observed=True)["energy_j"].sum()) == {"gpu01": 2_160_000.0, "gpu/02": 720_000.0}
    first = table[table["host"] == "gpu01"].iloc[0]
    assert first["start"] == pd.Timestamp("2026-09-22 12:00:00", tz="UTC")
    assert (first["domain"], first["device"], first["basis"]) == ("gpu", "GPU-0", "measured")
    assert (first["covered_s"], first["mean_w"], first["least_w"], first["most_w"]) == (60.0, 300.0, 300.0, 300.0)


@pytest.mark.filterwarnings("ignore:The inplace keyword:Warning")  # Dask 2026.8 beside pandas 3.1
def test_dask_reads_the_folder_as_one_table(folder: Path) -> None:
    table: Any = dd  # Dask has no types
    assert table.read_parquet(folder / "energy")["energy_j"].sum().compute(scheduler="sync") == 2_880_000.0


def test_duckdb_reads_the_folder_as_one_table(folder: Path) -> None:
    table = duckdb.read_parquet(f"{folder}/energy/*/*/*.parquet", hive_partitioning=True)
    assert table.aggregate("date, host, sum(energy_j)").order("date").fetchall() == [
        (DAY, "gpu01", 2_160_000.0),
        (date(2026, 9, 23), "gpu/02", 720_000.0),
    ]


def test_units_idle_and_unattributed_add_up_to_the_meter(folder: Path) -> None:
    table = pd.read_parquet(folder / "units" / f"date={DAY}")
    parts = dict(table.groupby("kind")["energy_j"].sum())
    assert parts == {"slurm_job": 1_080_000.0, "idle": 540_000.0, "unattributed": 540_000.0}
    assert set(table["start"]) == {datetime(2026, 9, 22, hour, tzinfo=UTC) for hour in (12, 13)}


def test_names_stay_here_unless_they_are_asked_for(tmp_path: Path, folder: Path, open_store: Open) -> None:
    assert pd.read_parquet(folder / "units")["name"].isna().all()
    store = open_store(tmp_path / "named.db")
    store.add(frame(0, 8.0, splits={GPUS[0]: Split({JOB: 1.0}, 0.0, 0.0)}))
    assert store.flush()
    with FrameReader(store.path) as reader:
        export_day(reader, tmp_path / "named", DAY, with_names=True)
    named = pd.read_parquet(tmp_path / "named" / "units").iloc[0]
    assert (named["name"], named["user_id"], named["energy_j"]) == ("train", 1000, near(8.0))


def test_an_export_that_fails_leaves_the_file_before_and_no_draft(tmp_path: Path, open_store: Open) -> None:
    store = open_store()
    store.add(frame(0, 8.0))
    assert store.flush()
    in_the_way = tmp_path / "out" / "energy" / f"date={DAY}" / "host=gpu01" / "minutes.parquet"
    in_the_way.mkdir(parents=True)
    with FrameReader(store.path) as reader, pytest.raises(StoreError, match="cannot export"):
        export_day(reader, tmp_path / "out", DAY)
    assert list(in_the_way.parent.iterdir()) == [in_the_way]


def test_without_pyarrow_it_says_what_to_install(
    tmp_path: Path, open_store: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store()
    store.add(frame(0, 8.0))
    assert store.flush()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with FrameReader(store.path) as reader, pytest.raises(ConfigError, match="parquet"):
        export_day(reader, tmp_path / "out", DAY)
