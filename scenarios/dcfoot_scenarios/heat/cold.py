"""Cold of waste heat in the hall itself: what a chiller that heat drives spares the compressors."""

from dataclasses import dataclass

from dcfoot.elementwise import Numbers, maximum, minimum
from dcfoot.heat.cold import Cold, SorptionChiller, cold_of_heat


@dataclass(frozen=True, slots=True, eq=False)
class ColdOfHeat:
    """What is made of the heat of each hour.

    Parameters
    ----------
    cold : Cold
        Heat taken in, cold made [MW]
    spared_mw : float or array
        What compressors no longer draw [MW]
    """

    cold: Cold
    spared_mw: Numbers


def cold_for_hall(
    chiller: SorptionChiller,
    left_mw: Numbers,
    warm_c: Numbers,
    lifted_mw: Numbers,
    compressors_mw: Numbers,
    most_mw: Numbers,
) -> ColdOfHeat:
    """What a machine makes of heat that is left, and what compressors no longer draw: in proportion to what they lift.

    Parameters
    ----------
    chiller : SorptionChiller
        The machine.
    left_mw : float or array
        Heat that nobody takes [MW]
    warm_c : float or array
        Of the water that brings it [C]
    lifted_mw, compressors_mw : float or array
        Heat that compressors lift without it, and what they draw for that [MW]
    most_mw : float or array
        The most cold that it makes [MW]
    """
    wanted_mw = minimum(maximum(lifted_mw, 0.0), most_mw)
    cold = cold_of_heat(chiller, left_mw, warm_c, wanted_mw)
    return ColdOfHeat(cold, compressors_mw * cold.cold_mw / maximum(lifted_mw, 1e-300))
