"""The sizes that serve a scenario best: solar, wind, battery, heat pump and heat store, and which site to take.

In come a study with `optimise` keys, out goes a frozen `Optimum`: the scenario with the sizes that were found, whose
year `evaluate` then runs as any other's, and what the limits cost.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dcfoot.errors import StudyError
from dcfoot.grid import Boundary
from dcfoot.units import KW_PER_MW, L_PER_M3
from dcfoot_scenarios.case import Case, case_of
from dcfoot_scenarios.chance import At
from dcfoot_scenarios.figures_beside import account_of, carbon_price_per_t, materials_of
from dcfoot_scenarios.finance import capital_recovery_ratio
from dcfoot_scenarios.materials import plant_making
from dcfoot_scenarios.money import Currency
from dcfoot_scenarios.scenario import Money, Scenario
from dcfoot_scenarios.sizing.choice import choose
from dcfoot_scenarios.sizing.front import front
from dcfoot_scenarios.sizing.problem import BatteryChoice, Burden, Connection, HeatChoice, Limits, Size, SizingProblem, Source
from dcfoot_scenarios.sizing.optimum import size
from dcfoot_scenarios.study import Optimise, Range, Study
from dcfoot_scenarios.tariff import export_per_mwh, import_per_mwh
from dcfoot_scenarios.technologies import technology
from dcfoot_scenarios.year import Year, shifted_it_mw, year_of
