"""Grid factors: the library of yearly ones, and series hour by hour.

What a single factor is, and that two families never add, stands in `dcfoot.grid`.

==============  ==================================================================================
`library`       every factor that is known, a user's own in front: search, vintages
`package`       a user's own, in a Frictionless data package
`choice`        which factor serves which purpose, and what stands in
`compare`       what another choice would change
`losses`        transmission and distribution, apart
`around`        the zones that may stand in for one another
`plausible`     figures that cannot be: slips of a unit
`technology`    factors of kinds of power stations, and the intensity of a mix
`hourly`        a window of hours, and the factors of each: what files, services and shapes give
`shapes`        hours without a network: a yearly factor times a typical day of each month
`typical_day`   the table of these days
==============  ==================================================================================
"""
