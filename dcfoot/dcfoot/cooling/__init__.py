"""Cooling systems of data centres, put together from small parts: each a frozen set of numbers and a pure function.

============  ==========================================================================================================
`air`         the air outside, once an hour for all parts
`movers`      fans and pumps: flow times pressure over efficiency, by affinity
`chiller`     chillers and direct-expansion machines by DOE-2 curves, inside the ranges of the curves
`tower`       cooling towers by approach and range; evaporation, drift, blowdown
`dry_cooler`  dry coolers; with pads they are hybrid
`adiabatic`   pads that cool air along its wet bulb
`rejection`   what towers and dry coolers hand back
`water`       where water goes
`plant`       economizer, chillers and heat rejection, side by side
`air_side`    air handlers and outside air: what a hall's air does before a plant is needed
`liquid`      cold plates, doors, baths: a loop of coolant
`system`      an air side with its plant, and a loop with its own
`parameters`  the numbers, from ``data/cooling_parameters.csv``: low, central, high, source
`catalogue`   the systems by name
`ashrae`      classes of IT equipment as numbers of the parts
============  ==========================================================================================================

Three rules hold everywhere. **One body**: floats, arrays, and arrays of draws go through the same formula (hours on the
last axis). **Ratios of the IT capacity**: heat and power are watts for each watt of IT capacity, so that what stands
still at part load needs no case of its own; `dcfoot.facility_model` divides by the load at the end. **No switch**:
where one way of working takes over from another, both work side by side over a span, by the share that each can
take. Heat made is heat removed in every hour, because each part hands on what it takes and adds its own power.
"""
