"""Numbers of heat reuse: low, central and high value of each with its source, from ``data/heat.csv``."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from dcfoot.cooling.parameters import Parameter, parameter_of
from dcfoot.tables import rows


@cache
def heat_parameters() -> Mapping[str, Parameter]:
    """Every parameter by part and name: ``"network.loss_ratio"``, ``"capture_dx.recoverable_ratio"``."""
    named = ((f"{row['part']}.{row['parameter']}", row) for row in rows("heat"))
    return MappingProxyType({name: parameter_of(name, row) for name, row in named})
