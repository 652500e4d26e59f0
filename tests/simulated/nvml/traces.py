"""What real cards showed while a real load ran and an external meter watched: recordings, where the reference has them.

From Yang, Adamek and Armour's published data (JimZeyuYang/GPU_Power_Benchmark, MIT): nvidia-smi asked every 7 or 13 ms
around a load of 8 s.
"""

import csv
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

SMI_ZONE = timezone(timedelta(hours=1))
"""nvidia-smi wrote the local time of where it ran; the moments of the load are in UTC (the reference's note)."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A recording.

    Parameters
    ----------
    card : str
        The card's name.
    load_s : float
        How long the load ran [s].
    power_w : dict[str, list[tuple[float, float]]]
        By the name of nvidia-smi's field (``"power.draw"``): moments since the load began [s], and what it showed [W].
    field_energy_j : dict[str, float]
        By the same names: the energy of the load as the reference worked it out from that field [J].
    true_energy_j : float
        What the external meter measured [J].
    """

    card: str
    load_s: float
    power_w: dict[str, list[tuple[float, float]]]
    field_energy_j: dict[str, float]
    true_energy_j: float


def traces(reference: Path) -> dict[str, Trace]:
    """The recordings by the name of their folder."""
    vectors = json.loads((reference / "vectors/gpu_power_sensor.json").read_text())["recorded_traces"]
    named = {Path(vector["fixture"]).name: vector for vector in vectors}
    return {name: _trace(reference / "vectors/gpu_traces" / name, vector) for name, vector in named.items()}


def _trace(folder: Path, vector: dict[str, Any]) -> Trace:
    stamps_us = [int(stamp) for stamp in (folder / "timestamps.csv").read_text().split()[1:]]
    begin_s, end_s = stamps_us[0] / 1e6, stamps_us[-1] / 1e6
    with (folder / "gpudata.csv").open() as file:
        header, *rows = list(csv.reader(file, skipinitialspace=True))
    moments_s = [_moment_s(row[0]) - begin_s for row in rows]
    fields = {name.partition(" [")[0]: column for column, name in enumerate(header) if name.startswith("power.draw")}
    power_w = {
        name: [(moment_s, float(row[column])) for moment_s, row in zip(moments_s, rows, strict=True)]
        for name, column in fields.items()
    }
    energies = {
        name.partition("(")[0]: found["energy_j"] for name, found in vector.items() if name.startswith("power.")
    }
    return Trace(vector["gpu"], end_s - begin_s, power_w, energies, vector["pmd_energy_j"])


def _moment_s(text: str) -> float:
    return datetime.strptime(text, "%Y/%m/%d %H:%M:%S.%f").replace(tzinfo=SMI_ZONE).timestamp()
