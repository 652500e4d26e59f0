"""Embodied emissions: what it took to make the machines, and the share of it that a piece of work carries.

A receipt takes single vendors' documents for single products (`machine`); a plan takes the component model, which adds
up what a product is made of (`model`). Both carry a low, a central and a high value with what stands behind each.

==============  ==========================================================================
`machine`       the parts of a machine that was measured, from published footprints
`allocation`    the share of a piece of work: by reserved time, by use, by value
`stages`        the stages of a life cycle, named as ISO 14067 and GB/T 24067 name them
`wafer`         emissions of a square centimetre of silicon by process
`products`      what products are made of
`model`         from what a product is made of to its footprint, anchored on one published
`plant`         building, cooling plant, UPS, solar, wind, battery, per unit
`chip_water`    the water that went into the silicon (low confidence)
==============  ==========================================================================
"""

from dcfoot.embodied.allocation import embodied_by_use_g, embodied_by_value_g, embodied_share_g
from dcfoot.embodied.machine import EmbodiedPart, accelerator_water_l, machine_parts, usual_lifetime_years

__all__ = [
    "EmbodiedPart",
    "accelerator_water_l",
    "embodied_by_use_g",
    "embodied_by_value_g",
    "embodied_share_g",
    "machine_parts",
    "usual_lifetime_years",
]
