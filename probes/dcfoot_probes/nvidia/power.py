"""Energy from power: publications from a stream, read as what the sensor's windows make of them."""

from collections.abc import Callable, Sequence

from dcfoot.reading import Meter, Reading
from dcfoot_probes.nvidia.edges import Publication
from dcfoot_probes.nvidia.nvml import Nvml
from dcfoot_probes.nvidia.source import Source
from dcfoot_probes.nvidia.streams import Stream
from dcfoot_probes.nvidia.windows import Windows


class PowerSource(Source):
    """The power of one device [mW]."""

    def __init__(self, meter: Meter, stream: Stream, windows: Windows) -> None:
        self.meter = meter
        self._stream = stream
        self._windows = windows

    def bind(self, nvml: Nvml, handle: object) -> None:
        """Prepares the stream."""
        self._stream.bind(nvml, handle)

    def works(self) -> bool:
        """Whether there is power."""
        return self._stream.works()

    def read(self) -> list[Reading]:
        """What is new."""
        return [reading for publication in self._stream.fetch() for reading in self._windows.new(publication)]

    def start(self) -> list[Reading]:
        """The power as it stands."""
        self._stream.fetch()
        return self._windows.begin(self._stream.now)

    def settle(self, seen: Sequence[Publication]) -> list[Reading]:
        """The same, and what was published since."""
        return self._windows.settled(self._stream.follow(seen))

    def end(self) -> list[Reading]:
        """What is new up to now."""
        return self.read()

    def finish(self, seen: Sequence[Publication]) -> list[Reading]:
        """The power at the end."""
        end = self._stream.now
        return self._windows.final(end, self._stream.after(seen))

    def watched(self) -> tuple[Callable[[], int], Publication]:
        """What the stream says."""
        return self._stream.watched()
