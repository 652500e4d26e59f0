"""Water: what a site takes and evaporates, what the power stations behind it do, what went into the chips.

Three layers, each consumed (evaporated, gone) and withdrawn (taken; part of it flows back):

==============  =======================================  ==================================
layer           goes with                                factor
==============  =======================================  ==================================
on site         IT energy                                WUE
source          facility energy                          EWIF of the country or of the mix
embodied        the run's share of the machines' lives   litres a machine (low confidence)
==============  =======================================  ==================================

Multiplying WUE by facility energy counts PUE into a figure that already is per unit of IT energy.

==============  ==========================================================================
`layers`        the formulas, the layers of one use, consumption beside withdrawal
`generation`    litres per kWh of a power station by technology and cooling, and of a mix
`scarcity`      litres weighted by what is left where they are taken, in a unit of its own
`curve`         Li and Ren's curve of WUE over the wet bulb
`months`        hours added up to calendar months
==============  ==========================================================================
"""

from dcfoot.water.layers import (
    EVAPORATED_RATIO,
    WaterFootprint,
    WaterIntensity,
    WaterUse,
    onsite_consumption_l,
    water_embodied_l,
    water_footprint,
    water_offsite_l,
    water_onsite_l,
)

__all__ = [
    "EVAPORATED_RATIO",
    "WaterFootprint",
    "WaterIntensity",
    "WaterUse",
    "onsite_consumption_l",
    "water_embodied_l",
    "water_footprint",
    "water_offsite_l",
    "water_onsite_l",
]
