"""A meter of somebody else, installed as anybody's: an accelerator that draws exactly `POWER_W` for ever.

Its counter is the machine's monotonic clock, so that every process that reads it knows the true energy of any span. It
comes in by the entry point, in this process (`sys.path`) or another (`PYTHONPATH`). Its driver takes as long to open as
the environment variable `OPEN_S` says [s].
"""

from pathlib import Path

POWER_W = 100
DEVICE = "steady-0"
OPEN_S = "STEADY_METER_OPEN_S"

MODULE = f"""
import os
from time import monotonic_ns, sleep

from dcfoot.reading import Channel, Domain, Kind, Meter, Reading


class Steady:
    name = "steady"

    def __init__(self, surroundings):
        channel = Channel(surroundings.host, Domain.GPU, "{DEVICE}")
        self.meter = Meter(channel, "Steady 100", "steady.counter", Kind.COUNTER, 1e-9, period_s=0.1)

    def open(self):
        sleep(float(os.environ.get("{OPEN_S}", "0")))
        return [self.meter]

    def read(self):
        now_ns = monotonic_ns()
        return [Reading(self.meter, {POWER_W} * now_ns, now_ns)]

    def close(self):
        pass
"""


def install_meter(folder: Path) -> Path:
    """Writes the meter's distribution to `folder`, which then belongs on the path; returns it."""
    about = folder / "steady_meter-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "steady_meter.py").write_text(MODULE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: steady-meter\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[dcfoot.probes]\nsteady = steady_meter:Steady\n")
    return folder
