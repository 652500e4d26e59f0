"""Cold made of heat: absorption and adsorption chillers, which turn heat that nobody wants into chilled water."""

from dataclasses import dataclass

from dcfoot.elementwise import Numbers, minimum, where
from dcfoot.errors import ConfigError
from dcfoot.heat.parameters import heat_parameters
from dcfoot.places import nearest

SORPTION = ("absorption_single_effect", "adsorption_silica_gel")
"""The kinds of machine that there are numbers of."""


@dataclass(frozen=True, slots=True, eq=False)
class SorptionChiller:
    """A machine that heat drives.

    Parameters
    ----------
    driving_c : float or array
        The coldest water that drives it [C]
    cop : float or array
        Cold over heat [-]
    """

    driving_c: Numbers
    cop: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Cold:
    """What becomes of heat in such a machine, by hour.

    Parameters
    ----------
    heat_mw : float or array
        Taken in [MW]
    cold_mw : float or array
        Chilled water [MW]
    """

    heat_mw: Numbers
    cold_mw: Numbers

    @property
    def given_off_mw(self) -> Numbers:
        """What its cooling tower must give off, more than with compressors: the heat and the cold [MW]."""
        return self.heat_mw + self.cold_mw


def sorption_chiller(name: str) -> SorptionChiller:
    """The machine called `name`, by its central numbers.

    Raises
    ------
    ConfigError
        There is none.
    """
    if name not in SORPTION:
        raise ConfigError(f"No chiller that heat drives is called {name!r}.{nearest(name, SORPTION)}")
    known = heat_parameters()
    return SorptionChiller(known[f"{name}.driving_c"].central, known[f"{name}.cop"].central)


def cold_of_heat(chiller: SorptionChiller, heat_mw: Numbers, warm_c: Numbers, wanted_mw: Numbers) -> Cold:
    """What the machine makes of heat: none where the heat is too cold to drive it.

    Parameters
    ----------
    chiller : SorptionChiller
        The machine.
    heat_mw : float or array
        That can be had [MW]
    warm_c : float or array
        Of the water that brings it [C]
    wanted_mw : float or array
        Cold that is wanted [MW]
    """
    driving_mw = where(warm_c >= chiller.driving_c, heat_mw, heat_mw * 0.0)
    taken_mw = minimum(driving_mw, wanted_mw / chiller.cop)
    return Cold(taken_mw, taken_mw * chiller.cop)
