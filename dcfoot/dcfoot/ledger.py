"""The ledger: readings in, energy by channel and by time out, each joule counted once.

Every meter has an account. A reading adds a step of energy to it, of which the consumer gets the share that attribution
gives it for the same interval. Meters whose domain lies inside another's keep accounts of their own, but `total_j`
refuses to add the two.
"""

from collections.abc import Iterable
from threading import Lock
from typing import NamedTuple

from dcfoot.attribution import EXACT, Share
from dcfoot.by_time import EnergyByTime, TimeBook
from dcfoot.counter import Integral, Outcome, integral_of
from dcfoot.measurement import ChannelEnergy
from dcfoot.reading import Basis, Channel, Domain, Meter, Reading
from dcfoot.units import NS_PER_S

RECORDS_MOST = 1000
"""So many records wait to be booked by time, for whoever looks: a tick has other things to do (a choice: more than come
between two looks, which are a second apart; 100 kB)."""


class EnergyRecord(NamedTuple):
    """The energy of one channel over one interval.

    Parameters
    ----------
    channel : Channel
        What was metered.
    start_ns, end_ns : int
        The interval on the monotonic clock [ns].
    energy_j : float
        Energy in it [J].
    attributed_energy_j : float
        The consumer's share of that [J].
    covered_s : float
        The part of it in which the power was known [s].
    outcome : Outcome
        What the step was.
    """

    channel: Channel
    start_ns: int
    end_ns: int
    energy_j: float
    attributed_energy_j: float
    covered_s: float
    outcome: Outcome


class NestedDomainsError(ValueError):
    """Energies of a domain and of one inside it were about to be added: the inner joules would count twice."""


def total_j(energies: Iterable[ChannelEnergy]) -> float:
    """The metered energy of several channels, none of which lies inside another [J].

    Raises
    ------
    NestedDomainsError
        Where one channel's domain contains another's on the same host, or a channel comes twice.
    """
    known = list(energies)
    for index, one in enumerate(known):
        for other in known[index + 1 :]:
            _refuse_overlap(one.meter.channel, other.meter.channel)
    return sum(energy.energy_j for energy in known)


def _refuse_overlap(one: Channel, other: Channel) -> None:
    if one.host != other.host:
        return
    nested = one.domain.contains(other.domain) or other.domain.contains(one.domain)
    if nested or (one.domain, one.device) == (other.domain, other.device):
        message = f"{one.domain} {one.device} and {other.domain} {other.device} of {one.host} overlap: never add them"
        raise NestedDomainsError(message)


def worth_keeping(meters: Iterable[Meter]) -> list[Meter]:
    """Drops what another meter sees better: the same channel twice, and estimates of a domain that is measured.

    Of two meters of one channel, one that reads the hardware goes before one that another program tells of: it is
    looked at more often, and nothing lies between. A meter whose device is called as its domain is all of that domain
    together, and goes where there are meters of its parts.
    """
    kept: dict[tuple[str, Domain, str], Meter] = {}
    for meter in sorted(meters, key=lambda meter: (meter.channel.basis.rank, meter.relayed)):
        key = (meter.channel.host, meter.channel.domain, meter.channel.device)
        kept.setdefault(key, meter)
    measured = [key for key, meter in kept.items() if meter.channel.basis is Basis.MEASURED]
    domains = {(host, domain) for host, domain, _ in measured}
    in_parts = {(host, domain) for host, domain, device in measured if device != domain}
    return [
        meter
        for (host, domain, device), meter in kept.items()
        if (meter.channel.basis is Basis.MEASURED or (host, domain) not in domains)
        and not (device == domain and (host, domain) in in_parts)
    ]


def outermost(channels: Iterable[Channel]) -> list[Channel]:
    """Those of `channels` whose domain lies in no other's on the same host: what may be added up."""
    known = list(channels)
    domains = {(channel.host, channel.domain) for channel in known}
    outer = {
        (host, domain)
        for host, domain in domains
        if not any(host == other_host and other.contains(domain) for other_host, other in domains)
    }
    return [channel for channel in known if (channel.host, channel.domain) in outer]


class _Account:
    """The sums of one meter: numbers that change in place, for a tick books one reading of every device."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self._channel = meter.channel
        self._integral: Integral = integral_of(meter)
        self.notable: dict[Outcome, int] = {}
        self.last_ns: int | None = None
        self.power_w = 0.0
        self._energy_j = self._covered_s = 0.0
        self._attributed_j = self._low_j = self._high_j = 0.0
        self._inexact = False

    def book(self, reading: Reading, share: Share) -> EnergyRecord:
        """Adds a reading and the consumer's share of it."""
        energy_j, _, covered_s, outcome = self._integral.add(reading)
        value, p5, p95 = share
        end_ns = reading.time_ns
        start_ns = end_ns if self.last_ns is None else self.last_ns
        if outcome in _REMARKS:
            self.notable[outcome] = self.notable.get(outcome, 0) + 1
            if outcome is Outcome.IMPLAUSIBLE:
                return EnergyRecord(self._channel, start_ns, end_ns, 0.0, 0.0, 0.0, outcome)
        self.last_ns = end_ns
        if covered_s > 0.0:
            self.power_w = energy_j / covered_s
        attributed_j = energy_j * value
        self._energy_j += energy_j
        self._covered_s += covered_s
        self._attributed_j += attributed_j
        self._low_j += energy_j * p5
        self._high_j += energy_j * p95
        self._inexact = self._inexact or p5 < p95
        return EnergyRecord(self._channel, start_ns, end_ns, energy_j, attributed_j, covered_s, outcome)

    def energy(self) -> ChannelEnergy:
        """The account as it stands."""
        return ChannelEnergy(
            self.meter,
            self._energy_j,
            self._attributed_j,
            self._covered_s,
            self._low_j if self._inexact else None,
            self._high_j if self._inexact else None,
        )


class EnergyLedger:
    """Keeps the accounts of one consumer (a run). Safe to use from several threads, one of which reads each meter."""

    def __init__(self) -> None:
        self._accounts: dict[int, _Account] = {}
        self._by_time = TimeBook()
        self._records: list[EnergyRecord] = []
        self._lock = Lock()

    def start(self, start_ns: int) -> None:
        """Says when the run begins, on the monotonic clock [ns]: what was booked before counts at its beginning."""
        with self._lock:
            self._by_time.start_ns = start_ns

    def open(self, meter: Meter) -> None:
        """Opens an account; a meter that gives no reading afterwards is shown with nothing covered."""
        with self._lock:
            self._accounts.setdefault(id(meter), _Account(meter))

    def add(self, reading: Reading, share: Share = EXACT) -> EnergyRecord | None:
        """Books a reading.

        Parameters
        ----------
        reading : Reading
            Of a meter with an account; others are ignored and yield None.
        share : Share
            The consumer's part of the energy since this meter's reading before.
        """
        with self._lock:
            account = self._accounts.get(id(reading.meter))
            if account is None:
                return None
            record = account.book(reading, share)
            self._records.append(record)
            if len(self._records) >= RECORDS_MOST:
                self._settle()
            return record

    def energies(self) -> tuple[ChannelEnergy, ...]:
        """Every account as it stands."""
        with self._lock:
            return tuple(account.energy() for account in self._accounts.values())

    def state(self, duration_s: float) -> tuple[tuple[ChannelEnergy, ...], EnergyByTime]:
        """Every account as it stands, and the same by time for a run that lasts `duration_s` [s]."""
        with self._lock:
            self._settle()
            return tuple(account.energy() for account in self._accounts.values()), self._by_time.by_time(duration_s)

    def _settle(self) -> None:
        """Books the latest records by time."""
        for channel, start_ns, end_ns, energy_j, attributed_j, covered_s, _ in self._records:
            if covered_s > 0.0 or energy_j:
                # What is known of a part of the interval is of its end: a restarted counter, a window after a silence.
                lasted_s = covered_s if covered_s > 0.0 else (end_ns - start_ns) / NS_PER_S
                node = channel.domain is Domain.NODE
                self._by_time.book(channel.domain, end_ns, lasted_s, energy_j if node else attributed_j)
        self._records.clear()

    def power_w(self) -> float | None:
        """The power of the last step of every account, nested ones left out [W]; None where nothing is known yet."""
        with self._lock:
            known = {a.meter.channel: a.power_w for a in self._accounts.values() if a.last_ns is not None}
            return sum(known[channel] for channel in outermost(known)) if known else None

    def remarks(self) -> list[str]:
        """What happened to meters that a reader of the receipt must know."""
        with self._lock:
            return [
                f"{account.meter.name}: {_REMARKS[outcome]} ({times} x); energy is counted to what was read"
                for account in self._accounts.values()
                for outcome, times in account.notable.items()
            ]


_REMARKS = {
    Outcome.RESET: "its counter restarted",
    Outcome.GAP: "it did not answer for a while",
    Outcome.IMPLAUSIBLE: "it gave a reading that cannot be",
}
