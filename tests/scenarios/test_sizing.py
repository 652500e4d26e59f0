"""Sizes by linear programming against an independent answer: HiGHS on a matrix of its own, which PyPSA confirms."""

from typing import Any

import numpy as np
import pytest

from dcfoot_scenarios.sizing.optimum import size
from dcfoot_scenarios.sizing.problem import BatteryChoice, Burden, Connection, Limits, Size, SizingProblem, Source
from simulated.near import near
from simulated.reference import columns, vectors


def problem(site: str, cfe_contracted_ratio_min: float | None) -> SizingProblem:
    """As the vector states it: discharging has no limit, the grid may charge the battery, what is left is curtailed."""
    hours = {name: np.array(values) for name, values in columns(f"dispatch/{site}").items()}
    return SizingProblem(
        hours["facility_mw"],
        Connection(80 + 0.1 * hours["grid_g_per_kwh"]),
        {
            "solar": Source(hours["solar_per_unit"], Size(Burden(60e3))),
            "wind": Source(hours["wind_per_unit"], Size(Burden(100e3))),
        },
        BatteryChoice(
            Size(Burden(15e3)),
            Size(Burden(10e3)),
            charge_efficiency_ratio=0.97,
            discharge_efficiency_ratio=1 / 1.04,
        ),
        limits=Limits(cfe_contracted_ratio_min=cfe_contracted_ratio_min),
    )


@pytest.mark.parametrize("number", [0, 1], ids=["no limit", "95 % clean"])
def test_sizes_cost_as_little_as_the_reference_has_it(number: int) -> None:
    case: dict[str, Any] = vectors("dispatch/lp_sizing")["cases"][number]
    found = size(problem(case["site"], case["cfe_target"]))
    assert found.cost == near(case["obj"], rel=1e-6)
    assert found.sizes["solar_mw"] == near(case["solar"], rel=1e-3)
    assert found.sizes["wind_mw"] == near(case["wind"], rel=1e-3)
    assert found.cfe_contracted_ratio == near(case["cfe"], abs=1e-4)
    flows = found.flows
    drawn = flows.load_mw + flows.charge_mw + flows.export_mw + flows.curtailed_mw
    assert np.abs(drawn - flows.clean_mw - flows.discharge_mw - flows.import_mw).max() < 1e-6
    assert (np.minimum(flows.charge_mw, flows.discharge_mw) < 1e-6).all()
