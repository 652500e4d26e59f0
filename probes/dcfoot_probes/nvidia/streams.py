"""Where publications of power come from: a value that is read again and again, or the driver's own buffer."""

from collections.abc import Callable, Sequence
from time import time_ns
from typing import Protocol

from dcfoot.units import NS_PER_US
from dcfoot_probes.nvidia.edges import Publication, prompt_look
from dcfoot_probes.nvidia.nvml import Nvml, answer_or
from dcfoot_probes.nvidia.publications import Follower

UNSURE_NS = 20_000_000
"""A beat that is known worse than this is not known well [ns] (a choice: a fifth of the usual period; sensors that
publish more often than they are polled are not followed from beat to beat)."""


SILENCE_NS = 500_000_000
"""A value that is the same before and after a silence shorter than this was so in between [ns] (a choice: half of what
makes a gap; a busy machine may keep us from polling that long)."""


class Stream(Protocol):
    """The publications of one device. `follow` and `after` raise nothing, all others may raise `NvmlFault`."""

    now: Publication
    """What it showed when it was last asked."""

    held: Publication | None = None
    """A publication that is not given out before `follow`: its beat is not known well, and watching would tell."""

    def bind(self, nvml: Nvml, handle: object) -> None:
        """Prepares its call for a handle."""
        ...

    def works(self) -> bool:
        """Whether it shows any power: no device draws none."""
        ...

    def fetch(self) -> list[Publication]:
        """What is new since the last call, in order of time."""
        ...

    def watched(self) -> tuple[Callable[[], int], Publication]:
        """What to watch for publications, and what it showed last."""
        ...

    def verdict(self) -> str:
        """What the reader must know of it, in a sentence; empty for nothing."""
        return ""

    def follow(self, seen: Sequence[Publication]) -> Sequence[Publication]:
        """What was published while it was watched; `fetch` goes on from there."""
        ...

    def after(self, seen: Sequence[Publication]) -> Sequence[Publication]:
        """The first two that were published after `now` while it was watched, as far as they are known."""
        ...


class Polled(Stream):
    """A power that is read again and again [mW].

    Parameters
    ----------
    reader : Callable[[Nvml, object], Callable[[], int]]
        Prepares its call.
    period_s : float
        How often it is published [s].
    clock_ns : Callable[[], int]
        The monotonic clock [ns].
    """

    def __init__(
        self, reader: Callable[[Nvml, object], Callable[[], int]], period_s: float, clock_ns: Callable[[], int]
    ) -> None:
        self.now = Publication(0, 0)
        self._given: Publication | None = None
        self._reader = reader
        self._follower = Follower(period_s)
        self._clock_ns = clock_ns

    def bind(self, nvml: Nvml, handle: object) -> None:
        """Prepares the call."""
        self._power = self._reader(nvml, handle)

    def works(self) -> bool:
        """Whether it is more than 0."""
        return self._power() > 0

    def fetch(self) -> list[Publication]:
        """The publication that is new, if there is one, and what changed nothing just before it."""
        looked_ns, self.now = self.now.time_ns, prompt_look(self._power, self._clock_ns)
        publication = self._follower.see(self.now.value, self.now.time_ns)
        if publication is None:
            return []
        if self._is_unsure(publication):
            self.held = publication
            return []
        before, self._given = self._given, publication
        if before and before.value == publication.value and self.now.time_ns - looked_ns < SILENCE_NS:
            return self._follower.with_silent(before, [publication])
        return [publication]

    def _is_unsure(self, publication: Publication) -> bool:
        changed = self._given is not None and publication.value != self._given.value
        followed = self._follower.period_ns > 2 * UNSURE_NS
        return changed and followed and self._follower.unsure_ns > UNSURE_NS

    def watched(self) -> tuple[Callable[[], int], Publication]:
        """The power."""
        return self._power, self.now

    def follow(self, seen: Sequence[Publication]) -> Sequence[Publication]:
        """What was seen and what changed nothing in between and since; its beat is known from now on."""
        for publication in seen:
            self._follower.know(publication)
        held, self.held = self.held, None
        if held and seen:
            held = Publication(held.value, self._follower.beat_ns(self.now.time_ns))
        before = self._given or self.now
        known = self._follower.with_silent(before, [*([held] if held else ()), *seen])
        self._given = known[-1] if known else before
        return [*known, *self._follower.silent_until(self._given, self._clock_ns())]

    def after(self, seen: Sequence[Publication]) -> Sequence[Publication]:
        """What was seen; a publication that changed nothing came with the beat."""
        known = self._follower.with_silent(self.now, seen)
        if not known:
            known = [Publication(self.now.value, self._follower.beat_ns(self.now.time_ns) + self._follower.period_ns)]
        last = known[-1]
        return [*known, Publication(last.value, last.time_ns + self._follower.period_ns)][:2]


class Buffered(Stream):
    """The driver's buffer of power [mW], whose samples carry their own time."""

    def __init__(self, clock_ns: Callable[[], int]) -> None:
        self.now = Publication(0, 0)
        self._clock_ns = clock_ns
        self._since_us = 0
        self._held = 0
        self._overflows = 0

    def bind(self, nvml: Nvml, handle: object) -> None:
        """Prepares the call."""
        self._samples = nvml.samples_reader(handle)

    def works(self) -> bool:
        """Whether it holds anything but zeros."""
        held = self._samples(0)
        self._held = len(held)
        return any(value > 0 for _, value in held)

    def fetch(self) -> list[Publication]:
        """New samples, their stamps on the monotonic clock.

        The two clocks are compared at every call, so that a step of the calendar moves only the samples around it.
        """
        samples = sorted(sample for sample in self._samples(self._since_us) if sample[0] > self._since_us)
        self._overflows += bool(self._since_us) and len(samples) >= self._held
        now_ns = self._clock_ns()
        offset_ns = now_ns - time_ns()
        fresh = [Publication(value, min(us * NS_PER_US + offset_ns, now_ns)) for us, value in samples]
        self._since_us = samples[-1][0] if samples else self._since_us
        self.now = Publication(fresh[-1].value if fresh else self.now.value, now_ns)
        return fresh

    def watched(self) -> tuple[Callable[[], int], Publication]:
        """The time of the newest sample."""
        return self._newest_us, Publication(self._since_us, self.now.time_ns)

    def _newest_us(self) -> int:
        return max((time_us for time_us, _ in self._samples(self._since_us)), default=self._since_us)

    def verdict(self) -> str:
        """Whether samples were lost."""
        if not self._overflows:
            return ""
        return (
            f"the driver's buffer of {self._held} samples was full {self._overflows} times; what it lost is estimated"
        )

    def follow(self, seen: Sequence[Publication]) -> Sequence[Publication]:
        """The samples themselves, which know their times better than who watches."""
        del seen
        return answer_or([], self.fetch)

    def after(self, seen: Sequence[Publication]) -> Sequence[Publication]:
        """The same."""
        return self.follow(seen)[:2]
