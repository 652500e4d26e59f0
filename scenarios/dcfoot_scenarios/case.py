"""A scenario made ready to be computed: its place, its load by hour, its hall, and what its plants give.

In comes a `Scenario`, out goes a frozen `Case`: everything that draws and designs of one scenario share.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from dcfoot.account import choose_run
from dcfoot.errors import StudyError
from dcfoot.evidence import Evidence
from dcfoot.facility_draws import Hall
from dcfoot.facility_library import build_facility, facility_evidence
from dcfoot.facility_model import Facility, FacilityState, facility_state
from dcfoot.grid import Boundary
from dcfoot.weather.year import Hours
from dcfoot_scenarios.load import grown_mw, load_ratio, recorded_ratio
from dcfoot_scenarios.place import Place, place_of
from dcfoot_scenarios.profiles import Wanted, read_profile
from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.solar import SolarSystem, solar_per_unit
from dcfoot_scenarios.wind import WindFarm, wind_per_unit
