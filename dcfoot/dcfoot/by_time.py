"""The energy of a run by time: steps of equal length, of which there is a bounded number however long the run is.

In come intervals with their energy, out go whole microjoules by step and domain. Where the steps become too many, two
neighbours become one: whole numbers add up exactly, so that no joule is lost by it, nor where runs are joined.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest

from dcfoot.reading import Domain
from dcfoot.units import J_PER_UJ, NS_PER_S

Steps = Sequence[int | None]
"""The energy in each step; None where no meter of the domain was known in any of it [uJ]."""

STEP_LEAST_S = 0.125
"""Length of the first steps [s] (a choice: about the 0.1 s in which NVML's counters move, so that nothing finer was
seen)."""

STEPS_MOST = 2048
"""More are never kept (a choice: 4 min of the shortest, an hour of 2 s, a week of 5 min, and some 80 KiB of memory a
domain)."""

NOT_STARTED_NS = 2**63
"""Later than any clock shows: all that comes counts at the start [ns]."""


@dataclass(frozen=True, slots=True)
class EnergyByTime:
    """A run's energy by time and domain, in steps from its start: all of one length but the last.

    Parameters
    ----------
    step_s : float
        Length of a step [s].
    duration_s : float
        When the last step ends [s].
    energy_uj : Mapping[str, Steps]
        By domain, as many numbers of each as of the others; None where nothing was known. Of a node's own meter it is
        all that it saw, for the run's share of that is settled by the whole run [uJ].
    """

    step_s: float = STEP_LEAST_S
    duration_s: float = 0.0
    energy_uj: Mapping[str, Steps] = field(default_factory=dict[str, Steps])

    @property
    def edges_s(self) -> list[float]:
        """When the steps begin, and when the last one ends [s]."""
        count = max(map(len, self.energy_uj.values()), default=0)
        return [*(index * self.step_s for index in range(count)), self.duration_s] if count else []

    def power_w(self, steps: Steps) -> list[float | None]:
        """The mean power in each of this run's steps; None where nothing was known [W]."""
        return [
            None if one is None or end_s <= start_s else one * J_PER_UJ / (end_s - start_s)
            for one, (start_s, end_s) in zip(steps, pairwise(self.edges_s), strict=True)
        ]

    @property
    def chips(self) -> list[str]:
        """All domains but the node's, which contains the others; the node's where no chip is metered."""
        return [domain for domain in self.energy_uj if domain != Domain.NODE] or list(self.energy_uj)

    @property
    def chips_uj(self) -> Steps:
        """Their energy in each step; None where nothing was known [uJ]."""
        return self.sum_uj(self.chips)

    def sum_uj(self, domains: Iterable[str]) -> Steps:
        """The energy of several domains in each step; None where nothing was known [uJ]."""
        return [_sum(*step) for step in zip(*(self.energy_uj[domain] for domain in domains), strict=True)]

    def at_most(self, count: int) -> "EnergyByTime":
        """The same in no more than `count` steps."""
        step_s, energy_uj = self.step_s, self.energy_uj
        while max(map(len, energy_uj.values()), default=0) > count:
            step_s *= 2
            energy_uj = {domain: halved(steps) for domain, steps in energy_uj.items()}
        return EnergyByTime(step_s, self.duration_s, energy_uj)

    def with_share(self, domain: str, ratio: float) -> "EnergyByTime":
        """The same with a part of each step of a domain [-]; rounding is made up for from step to step."""
        shared: list[int | None] = []
        until_uj = 0
        for one in self.energy_uj.get(domain, ()):
            before_uj, until_uj = until_uj, until_uj + (one or 0)
            shared.append(None if one is None else round(until_uj * ratio) - round(before_uj * ratio))
        energy_uj = {**self.energy_uj, domain: shared} if shared else self.energy_uj
        return EnergyByTime(self.step_s, self.duration_s, energy_uj)


class _Account:
    """The steps of one domain, and the part of a microjoule that is not booked yet."""

    __slots__ = ("rest_uj", "steps")

    def __init__(self) -> None:
        self.steps: list[int | None] = []
        self.rest_uj = 0.0


class TimeBook:
    """Keeps the energy of one run by time. One thread at a time.

    Parameters
    ----------
    start_ns : int
        The run's start on the monotonic clock; what comes before it counts at the start [ns].
    step_s : float
        Length of a step, until there are too many [s].
    """

    def __init__(self, start_ns: int = NOT_STARTED_NS, step_s: float = STEP_LEAST_S) -> None:
        self.start_ns = start_ns
        self._step_ns = round(step_s * NS_PER_S)
        self._accounts: dict[str, _Account] = {}

    def book(self, domain: str, end_ns: int, lasted_s: float, energy_j: float) -> None:
        """Adds the energy of an interval of the monotonic clock that ends at `end_ns`.

        Parameters
        ----------
        domain : str
            What was metered.
        end_ns : int
            The interval's end [ns].
        lasted_s : float
            Its length [s].
        energy_j : float
            The energy in it [J].
        """
        account = self._account(domain)
        exact_uj = energy_j / J_PER_UJ + account.rest_uj
        energy_uj = round(exact_uj)
        account.rest_uj = exact_uj - energy_uj
        until_ns = end_ns - self.start_ns
        self._spread(account, until_ns - int(lasted_s * NS_PER_S), until_ns, energy_uj)

    def join(self, other: EnergyByTime, late_s: float) -> None:
        """Adds another run's energy, which began `late_s` after this book's start [s]."""
        edges_ns = [round((edge_s + late_s) * NS_PER_S) for edge_s in other.edges_s]
        for domain, steps in other.energy_uj.items():
            account = self._account(domain)
            for energy_uj, (start_ns, end_ns) in zip(steps, pairwise(edges_ns), strict=True):
                if energy_uj is not None:
                    self._spread(account, start_ns, end_ns, energy_uj)

    def by_time(self, duration_s: float) -> EnergyByTime:
        """What is booked, for a run that lasts `duration_s` [s]. What came later is in the last step."""
        step_s = self._step_ns / NS_PER_S
        energy_uj = {domain: account.steps for domain, account in self._accounts.items()}
        return fitted(step_s, duration_s, energy_uj)

    def _account(self, domain: str) -> _Account:
        account = self._accounts.get(domain)
        if account is None:
            account = self._accounts[domain] = _Account()
        return account

    def _spread(self, account: _Account, start_ns: int, end_ns: int, energy_uj: int) -> None:
        """Energy over an interval since the start, evenly."""
        start_ns = max(start_ns, 0)
        end_ns = max(end_ns, start_ns + 1)
        while end_ns > STEPS_MOST * self._step_ns:
            self._double()
        step_ns, steps = self._step_ns, account.steps
        first, last = start_ns // step_ns, (end_ns - 1) // step_ns
        if last >= len(steps):
            steps.extend([None] * (last + 1 - len(steps)))
        booked_uj = 0
        for index in range(first, last):
            until_uj = energy_uj * ((index + 1) * step_ns - start_ns) // (end_ns - start_ns)
            steps[index] = (steps[index] or 0) + until_uj - booked_uj
            booked_uj = until_uj
        steps[last] = (steps[last] or 0) + energy_uj - booked_uj

    def _double(self) -> None:
        self._step_ns *= 2
        for account in self._accounts.values():
            account.steps = halved(account.steps)


def fitted(step_s: float, duration_s: float, energy_uj: Mapping[str, Steps]) -> EnergyByTime:
    """Steps of a run that lasts `duration_s`: as many of each domain, the last of them half to one and a half long.

    What goes on beyond the run, as the last readings may, is in the last step; what is missing is not known.
    """
    if not energy_uj:
        return EnergyByTime()
    while (count := max(1, round(duration_s / step_s))) > STEPS_MOST:
        step_s, energy_uj = step_s * 2, {domain: halved(steps) for domain, steps in energy_uj.items()}
    return EnergyByTime(step_s, duration_s, {domain: _fitted(steps, count) for domain, steps in energy_uj.items()})


def joined(parts: Iterable[tuple[float, EnergyByTime]], duration_s: float) -> EnergyByTime:
    """The energy of several runs as that of one.

    Parameters
    ----------
    parts : Iterable of (float, EnergyByTime)
        Each with when it began, since the first began [s].
    duration_s : float
        Of all together [s].
    """
    known = [(late_s, part) for late_s, part in parts if part.energy_uj]
    book = TimeBook(0, max((part.step_s for _, part in known), default=STEP_LEAST_S))
    for late_s, part in known:
        book.join(part, late_s)
    return book.by_time(duration_s)


def halved(steps: Steps) -> list[int | None]:
    """Half as many steps, each of which was two neighbours."""
    return [_sum(*pair) for pair in zip_longest(steps[::2], steps[1::2])]


def _fitted(steps: Steps, count: int) -> Steps:
    missing = count - len(steps)
    return (*steps[: count - 1], _sum(*steps[count - 1 :])) if missing <= 0 else (*steps, *[None] * missing)


def _sum(*energies_uj: int | None) -> int | None:
    """What is known of several; None where nothing is [uJ]."""
    known = [one for one in energies_uj if one is not None]
    return sum(known) if known else None
