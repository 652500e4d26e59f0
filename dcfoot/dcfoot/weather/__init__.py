"""Hourly weather of a place: read from a file, fetched, or synthesised from the climate of the place.

==============  ==================================================================================
`year`          `Weather`: what all of them give and the models take
==============  ==================================================================================
"""

from dcfoot.weather.year import Weather

__all__ = ["Weather"]
