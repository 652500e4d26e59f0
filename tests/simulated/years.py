"""Weathers that are made for a test, and real ones that are kept beside the repository."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcfoot.reading import Basis
from dcfoot.weather import Weather, read_tmy3
from dcfoot.weather.folder import read_year
from dcfoot.weather.year import Location, moist_air
from simulated.reference import reference_dir

EQUATOR = Location("Nowhere", 0.0, 0.0, 0.0, 0.0)


def steady(hours_count: int = 24, location: Location = EQUATOR, **series: Any) -> Weather:  # noqa: ANN401 (its series)
    """Hours of standard air at 15 C and sea level, dry, without sun or wind unless they are given."""
    ones = np.ones(hours_count)
    weather = Weather(
        **location.fields(),
        **moist_air(15 * ones, 0.001 * ones, 101_325 * ones),
        wind_speed_m_per_s=None,
        ghi_w_per_m2=None,
        dni_w_per_m2=None,
        dhi_w_per_m2=None,
        start=datetime(2023, 3, 21, tzinfo=UTC),
        basis=Basis.MODELLED,
    )
    return replace(weather, **series)


def greensboro() -> Weather:
    """A year of NREL's TMY3 that pvlib ships: Greensboro, North Carolina (station 723170)."""
    found = find_spec("pvlib")
    assert found is not None
    assert found.origin is not None
    return read_tmy3(Path(found.origin).parent / "data" / "723170TYA.CSV")


def shared_year(name: str) -> Weather:
    """A year of the shared folder; the test is skipped where that is not."""
    reference = reference_dir()
    if reference is None:
        pytest.skip("needs the shared weather (DCFOOT_REFERENCE_DIR)")
    return read_year(reference / "data" / "weather" / f"{name}.csv.gz")
