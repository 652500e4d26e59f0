"""Limits as rows of a program, each with a column by which it may be exceeded where it is eased."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from dcfoot.units import L_PER_M3
from dcfoot_scenarios.sizing.problem import Aim, Limits
from dcfoot_scenarios.sizing.program import Form, Indices, Program, Values, times

NO_LIMIT = float("inf")

_NO_ROW: Indices = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What is summed over the year: at a site, or at all that are chosen.

    Parameters
    ----------
    cost, capex, carbon_t, water_m3 : Form
        As in `Sizing`.
    water_onsite_m3 : Form
        What is taken in at the site [m3]
    uncovered_mwh, used_mwh : Form
        What is imported and no contract covers in its hour; what load and heat pump draw [MWh]
    it_mwh : Form
        What of it the IT equipment draws, where the PUE is known [MWh]
    highest_mw : Form
        The highest import of the year, where it is asked for [MW]
    steepest_mw_per_h : Form
        The greatest change of the import from hour to hour, where it is asked for [MW/h]
    """

    cost: Form = ()
    capex: Form = ()
    carbon_t: Form = ()
    water_m3: Form = ()
    water_onsite_m3: Form = ()
    uncovered_mwh: Form = ()
    used_mwh: Form = ()
    it_mwh: Form = ()
    highest_mw: Form = ()
    steepest_mw_per_h: Form = ()

    def __add__(self, other: "Sums") -> "Sums":
        """The sums of both."""
        return Sums(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def of(self, aim: Aim) -> Form:
        """What is minimised."""
        return {"cost": self.cost, "carbon": self.carbon_t, "water": self.water_m3}[aim]


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """A limit, as a row that says ``form <= value x per_unit + scale x excess``.

    Parameters
    ----------
    name : str
        As in `Limits`, or of a size: ``"solar_mw_max"``.
    value : float
        In the limit's own unit; infinite where there is none as yet.
    row, excess : array of int
        Its row; the column by which it is exceeded, 0 unless it is eased [-]
    scale : float
        What that column counts in, in the unit of the row.
    per_unit : float
        By how much a unit of the limit moves the bound.
    whole : array of int or None
        Of a limit on a ratio, in the place of `per_unit`: the column of what it is a ratio of [-]
    is_least : bool
        Whether it is a least one: of clean energy.
    """

    name: str
    value: float
    row: Indices
    excess: Indices
    scale: float
    per_unit: float = 1.0
    whole: Indices | None = None
    is_least: bool = False

    def bound(self, value: float) -> float:
        """The row's bound at a value of the limit, in the unit of the row."""
        if value == NO_LIMIT:
            return NO_LIMIT
        if self.whole is not None:
            return 0.0
        return self.per_unit * (1.0 - value if self.is_least else value)

    def entry(self, value: float) -> float:
        """What stands before the whole [-]: ``part - value x whole``; of a least one ``rest - (1 - value) x whole``."""
        if value == NO_LIMIT:
            return 0.0
        return value - 1.0 if self.is_least else -value

    def unit(self, found: Values) -> float:
        """By how much a unit of the limit moves the bound, with the values of all columns."""
        return self.per_unit if self.whole is None else float(found[self.whole[0]])

    def reached(self, found: Values) -> float:
        """The value at which the limit would just hold, in its unit, with the values of all columns."""
        eased = self.scale * float(found[self.excess[0]]) / self.unit(found)
        return self.value - eased if self.is_least else self.value + eased

    def shadow_price(self, found: Values, row_duals: Values) -> float:
        """What the objective falls by when the limit is eased by one unit: 0 where it does not bind."""
        return abs(float(row_duals[self.row[0]])) * self.unit(found)


def most(program: Program, name: str, value: float, form: Form, per_unit: float = 1.0) -> Limit:
    """A limit on an amount, its row's largest entry 1: HiGHS may take for ever where bounds are in the millions.

    Parameters
    ----------
    program : Program
        Where the row is added.
    name : str
        Of the limit.
    value : float
        In its unit.
    form : Form
        What is limited.
    per_unit : float
        Units of the form in a unit of the limit.
    """
    largest = max((float(np.abs(values).max(initial=0.0)) for _, values in form), default=0.0) or 1.0
    scale, excess = _scale(value * per_unit) / largest, program.column(0.0, 0.0)
    row = program.row((*times(1.0 / largest, form), (excess, -scale)), high=value * per_unit / largest)
    return Limit(name, value, row, excess, scale, per_unit / largest)


def size_most(program: Program, name: str, value: float, size: Indices, chosen: Indices) -> Limit:
    """A limit on a size, which is 0 where the site is not chosen.

    Parameters
    ----------
    program : Program
        Where the row is added.
    name : str
        Of the limit.
    value : float
        In the unit of the size.
    size, chosen : array of int
        Columns [-]
    """
    scale, excess = _scale(value), program.column(0.0, 0.0)
    row = program.row(((size, 1.0), (chosen, -value), (excess, -scale)), high=0.0)
    return Limit(name, value, row, excess, scale)


def ratio(program: Program, name: str, value: float, part: Form, whole: Form, *, is_least: bool = False) -> Limit:
    """A limit on the ratio of a part to a whole.

    Parameters
    ----------
    program : Program
        Where the rows are added.
    name : str
        Of the limit.
    value : float
        The ratio [-]
    part, whole : Form
        Of a least ratio, `part` is the rest: what does not count.
    is_least : bool
        Whether it is a least one.
    """
    scale, excess = _scale(float(sum(np.sum(values) for _, values in whole))), program.column(0.0, 0.0)
    fixed = program.fixed_value(whole)
    if fixed is not None:
        limit = Limit(name, value, _NO_ROW, excess, scale, fixed, is_least=is_least)
        form = part
    else:
        column = program.column()
        program.row(((column, 1.0), *times(-1.0, whole)), 0.0, 0.0)
        limit = Limit(name, value, _NO_ROW, excess, scale, whole=column, is_least=is_least)
        form = (*part, (column, limit.entry(value)))
    return replace(limit, row=program.row((*form, (excess, -scale)), high=limit.bound(value)))


def limits_of(program: Program, limits: Limits, sums: Sums, also: Collection[str] = ()) -> Iterator[Limit]:
    """The limits as rows.

    Parameters
    ----------
    program : Program
        Where the rows are added.
    limits : Limits
        What must hold.
    sums : Sums
        Of what they hold.
    also : collection of str
        Limits that there are not yet, and that will be set later.
    """
    amounts = {
        "cost_max": (sums.cost, 1.0),
        "capex_max": (sums.capex, 1.0),
        "carbon_t_max": (sums.carbon_t, 1.0),
        "water_onsite_l_max": (sums.water_onsite_m3, 1.0 / L_PER_M3),
        "water_l_max": (sums.water_m3, 1.0 / L_PER_M3),
        "import_mw_max": (sums.highest_mw, 1.0),
        "ramp_mw_per_h_max": (sums.steepest_mw_per_h, 1.0),
    }
    for name, value in (dict.fromkeys(also, NO_LIMIT) | dict(limits)).items():
        if name == "cfe_contracted_ratio_min":
            yield ratio(program, name, value, sums.uncovered_mwh, sums.used_mwh, is_least=True)
        elif name == "pue_max":
            yield ratio(program, name, value, sums.used_mwh, sums.it_mwh)
        else:
            yield most(program, name, value, *amounts[name])


def _scale(bound: float) -> float:
    """The size of a bound, or 1 for one that is near 0 or infinite: so that excesses compare."""
    return abs(bound) if 1.0 < abs(bound) < NO_LIMIT else 1.0
