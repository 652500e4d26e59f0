"""Grid factors: the library of yearly ones, and series hour by hour.

What a single factor is, and that two families never add, stands in `dcfoot.grid`.

==============  ==================================================================================
`hourly`        a window of hours, and the factors of each: what files, services and shapes give
`shapes`        hours without a network: a yearly factor times a typical day of each month
`technology`    factors of kinds of power stations, and the intensity of a mix
==============  ==================================================================================
"""
