"""Hours without a network: the yearly factor times the shape of a typical day of each month.

What comes in is a yearly factor and a window, what goes out is a series that is called modelled, with the interval that
the hours of real years show beside the shape. Shapes are made by ``benchmarks/derive_grid_shapes.py`` of the generation
that EIA and ENTSO-E publish. A grid without one, China's among them, gets a flat line and a wide interval, and says so.
"""

from dcfoot.draws import Spread
from dcfoot.factors.hourly import HourlyFactors, Window, constant, relative
from dcfoot.factors.typical_day import shape_of
from dcfoot.grid import GridFactor, Method
from dcfoot.reading import Basis
from dcfoot.tables import interval, licence_of


def shaped(factor: GridFactor, window: Window, zone: str | None = None) -> HourlyFactors:
    """A yearly factor hour by hour: ``factor x multiplier(month, hour)``.

    Parameters
    ----------
    factor : GridFactor
        The year's; only an average has a shape.
    window : Window
        Which hours.
    zone : str or None
        Whose shape, where the factor is a nation's that stands in for one of its regions; None for the factor's own.
    """
    shape = shape_of(zone or factor.zone, factor.boundary) if factor.method is Method.AVERAGE else None
    if shape is None:
        return constant(factor, window, Spread(1.0, *interval("grid_hour")), [_flat_warning(factor, zone)])
    central = factor.g_per_kwh.central
    return HourlyFactors(
        factor.zone,
        factor.boundary,
        factor.gas,
        factor.method,
        window.start,
        tuple(central * shape.multipliers[start.month - 1][start.hour] for start in window.starts()),
        relative(factor.g_per_kwh),
        shape.residual,
        Basis.worst(Basis.MODELLED, factor.basis),
        f"{factor.source} ({factor.year}), shaped by month and hour: {shape.source}, {shape.year}",
        estimated_ratio=1.0,
        licence="; ".join(filter(None, (factor.licence, licence_of("grid_shapes")))),
    )


def _flat_warning(factor: GridFactor, zone: str | None) -> str:
    low, high = interval("grid_hour")
    what = "" if factor.method is Method.AVERAGE else f" {factor.method}"
    return (
        f"No hourly shape of the{what} grid of {zone or factor.zone} is known: every hour has the yearly factor, and "
        f"one hour may be {low:g} to {high:g} times that."
    )
