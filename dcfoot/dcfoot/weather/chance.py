"""How the days of a typical year differ from their months: warm or cold, moist or dry, steady or not."""

from dataclasses import dataclass

import numpy as np

from dcfoot.weather import relations
from dcfoot.weather.days import Days, persistent_days


@dataclass(frozen=True, slots=True, eq=False)
class Chance:
    """Days in standard deviations from their month, the same for the same place.

    Parameters
    ----------
    warmth : array
        Of the mean dry bulb.
    moisture : array
        Of the part of the vapour that does not go with the dry bulb.
    diurnal : array
        Of the diurnal range; correlated with the other two as `relations` says.
    """

    warmth: Days
    moisture: Days
    diurnal: Days

    @staticmethod
    def of(place: str) -> "Chance":
        """The days of this place."""
        warmth = persistent_days(f"{place}/warmth", relations.WARMTH_PERSISTENCE_RATIO)
        moisture = persistent_days(f"{place}/moisture", relations.MOISTURE_PERSISTENCE_RATIO)
        rest = persistent_days(f"{place}/diurnal range", relations.MOISTURE_PERSISTENCE_RATIO)
        on_warmth, on_moisture = relations.RANGE_ON_WARMTH_RATIO, relations.RANGE_ON_MOISTURE_RATIO
        own = np.sqrt(1 - on_warmth**2 - on_moisture**2)
        return Chance(warmth, moisture, on_warmth * warmth + on_moisture * moisture + own * rest)
