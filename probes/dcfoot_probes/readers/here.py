"""What is known of this machine by itself, so that what an exporter tells gets the names that our own probes give."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dcfoot.machine import first_processor
from dcfoot.probe import Surroundings
from dcfoot_probes.rapl import Zone, find_zones
from dcfoot_probes.sysfs import number_of


@dataclass(frozen=True, slots=True)
class Here:
    """The machine that is metered.

    Parameters
    ----------
    host : str
        Its name.
    vendor_id : str
        Its processors' (``vendor_id`` of cpuinfo); empty where that is not known.
    zones : Mapping[str, Zone]
        RAPL's zones by the name of their folder; the names can be read where the counters cannot.
    notes : list of str
        What there is to tell of its exporter.
    """

    host: str
    vendor_id: str = ""
    zones: Mapping[str, Zone] = field(default_factory=dict[str, Zone])
    notes: list[str] = field(default_factory=list[str])

    def note(self, said: str) -> None:
        """Takes a note, once."""
        if said not in self.notes:
            self.notes.append(said)

    def zone_at(self, path: str) -> Zone | None:
        """The zone whose folder an exporter names; it may have seen it below another root."""
        return self.zones.get(path.rpartition("/")[2])

    def wrap_count(self, device: str) -> int | None:
        """Where the counter of a package or of memory wraps; None where that is not known."""
        zone = next((zone for zone in self.zones.values() if zone.device == device), None)
        most_uj = number_of(zone.folder / "max_energy_range_uj") if zone else None
        return most_uj + 1 if most_uj else None


def look_around(surroundings: Surroundings) -> Here:
    """What can be known of the machine at hand."""
    root = surroundings.root
    zones = {zone.folder.name: zone for zone in find_zones(root)}
    return Here(surroundings.host, first_processor(root).get("vendor_id", ""), zones)
