"""Heat that a data centre gives away: how warm it is, who wants it, what lifts it, how it is counted.

============  ==========================================================================================================
`capture`     how much heat of the IT equipment can be had, and how warm, by cooling system
`heat_pump`   coefficient of performance by temperatures
`demand`      what buildings want, hour by hour: degree-hours and hot water
`cold`        cold made of heat: absorption and adsorption chillers
`reuse`       ERF and ERE
`chp`         emissions of a plant that makes heat and power, split by three methods
`references`  what heat from elsewhere emits
============  ==========================================================================================================

As in `dcfoot.cooling`, one body serves floats, arrays and arrays of draws, hours on the last axis.
"""
