"""What can be metered on this machine, how well, and if not, why and what mends it.

In come the surroundings and the installed probes, out comes one `Finding` a probe. Each probe is opened and read twice
in a thread of its own, as a run would, so that what is found here is what a run will meter, and a driver that hangs is
a finding.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Thread
from time import sleep

from dcfoot.counter import integral_of
from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.probe import PowerProbe, Probe, ProbeEntry, Surroundings
from dcfoot.reading import Basis, Channel, Kind, Meter, Reading

WINDOW_S = 0.2
"""Over how long power is taken from a counter [s]: ten of the 20 ms in which the slowest counters (NVML's) move."""

PATIENCE_S = 10.0
"""How long a probe may take to open and be read [s]: NVML without persistence mode takes 1 to 3 s for each GPU."""


@dataclass(frozen=True, slots=True)
class FoundMeter:
    """A meter that can be read.

    Parameters
    ----------
    name : str
        For people.
    domain, device, method, basis : str
        As they stand in a receipt's channel.
    accuracy : str
        How far the truth lies from the reading: ``"-9.5..+6.4 %"``.
    source : str
        Where the accuracy comes from.
    power_now_w : float or None
        The power over the last `WINDOW_S`, or over the daemon's last frame [W]; None where it gave no reading.
    """

    name: str
    domain: str
    device: str
    method: str
    basis: str
    accuracy: str
    source: str
    power_now_w: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one probe.

    Parameters
    ----------
    probe : str
        Its name.
    available : bool
        Whether it opened.
    meters : tuple of FoundMeter
        What it meters.
    reason : str
        Why it is not available, or why it gave no reading; empty where all is well.
    remedy : str
        The commands that mend that, one a line; empty where there is nothing to mend.
    notes : tuple of str
        What the probe has to tell.
    """

    probe: str
    available: bool
    meters: tuple[FoundMeter, ...] = ()
    reason: str = ""
    remedy: str = ""
    notes: tuple[str, ...] = ()


def examine(surroundings: Surroundings, probes: Iterable[ProbeEntry], patience_s: float = PATIENCE_S) -> list[Finding]:
    """Opens and reads every probe; returns a finding for each, in their order, after about `WINDOW_S`.

    A model of what has a meter is not available, whichever probe has the meter; of several meters all are listed.

    Parameters
    ----------
    surroundings : Surroundings
        Handed to each probe.
    probes : Iterable of ProbeEntry
        The probes to try.
    patience_s : float
        How long each may take [s].
    """
    examinations = [_Examination(entry, surroundings) for entry in probes]
    for examination in examinations:
        examination.start()
    return _without_idle_models([examination.finding(patience_s) for examination in examinations])


def metered_domains(findings: Iterable[Finding]) -> Mapping[str, str]:
    """The best basis of each domain that can be metered or modelled."""
    bases: dict[str, str] = {}
    for meter in (meter for finding in findings for meter in finding.meters):
        known = bases.get(meter.domain, meter.basis)
        bases[meter.domain] = min(known, meter.basis, key=lambda basis: Basis(basis).rank)
    return bases


def _without_idle_models(findings: Sequence[Finding]) -> list[Finding]:
    """A run keeps no model of what is metered (`dcfoot.ledger.worth_keeping`); who models cannot know of all meters."""
    metered = {meter.domain for finding in findings for meter in finding.meters if meter.basis == Basis.MEASURED}
    return [_without_models_of(metered, finding) for finding in findings]


def _without_models_of(metered: Collection[str], finding: Finding) -> Finding:
    kept = tuple(meter for meter in finding.meters if meter.basis == Basis.MEASURED or meter.domain not in metered)
    if finding.meters and not kept:
        return Finding(finding.probe, available=False, reason="what it models is metered")
    return replace(finding, meters=kept)


class _Examination:
    """One probe, in a thread that is left behind where it hangs."""

    def __init__(self, entry: ProbeEntry, surroundings: Surroundings) -> None:
        self._entry = entry
        self._surroundings = surroundings
        self._finding: Finding | None = None
        self._thread = Thread(target=self._examine, name=f"dcfoot-doctor-{entry.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finding(self, patience_s: float) -> Finding:
        self._thread.join(patience_s)
        late = f"did not answer within {patience_s:g} s; its driver may hang"
        return self._finding or Finding(self._entry.name, available=False, reason=late)

    def _examine(self) -> None:
        name = self._entry.name
        probe: Probe | None = None
        try:
            probe = self._entry.load()(self._surroundings)
            self._finding = _found(name, probe, probe.open())
        except ProbeUnavailable as absent:
            self._finding = Finding(name, available=False, reason=absent.reason, remedy=absent.remedy)
        except ProbeTransient as silent:
            self._finding = Finding(name, available=False, reason=str(silent))
        except Exception as fault:  # noqa: BLE001  a probe may be anybody's: whatever it raises is the finding
            self._finding = Finding(name, available=False, reason=f"failed: {type(fault).__name__}: {fault}")
        finally:
            _close(probe)


def _close(probe: Probe | None) -> None:
    if probe is not None:
        # What a probe raises while it gives back what it took changes nothing in what was found.
        with suppress(Exception):
            probe.close()


def _found(name: str, probe: Probe, meters: Sequence[Meter]) -> Finding:
    powers_w: Mapping[Channel, float] = {}
    silent = ""
    try:
        powers_w = probe.powers_w() if isinstance(probe, PowerProbe) else _seen_w(probe)
    except ProbeTransient as transient:
        silent = str(transient)
    found = tuple(_found_meter(meter, powers_w.get(meter.channel)) for meter in meters)
    return Finding(name, available=True, meters=found, reason=silent, notes=tuple(getattr(probe, "notes", ())))


def _seen_w(probe: Probe) -> Mapping[Channel, float]:
    """The powers over a short look [W]."""
    before = {id(reading.meter): reading for reading in probe.read()}
    sleep(WINDOW_S)
    powers_w = {after.meter.channel: _power_w(before.get(id(after.meter)), after) for after in probe.read()}
    return {channel: power_w for channel, power_w in powers_w.items() if power_w is not None}


def _found_meter(meter: Meter, power_now_w: float | None) -> FoundMeter:
    channel = meter.channel
    return FoundMeter(
        meter.name,
        str(channel.domain),
        channel.device,
        meter.method,
        str(channel.basis),
        accuracy_text(meter),
        meter.source,
        power_now_w,
    )


def _power_w(before: Reading | None, after: Reading) -> float | None:
    if before is None:
        return None
    meter = after.meter
    if meter.kind is not Kind.COUNTER:
        return after.value * meter.unit
    integral = integral_of(meter)
    integral.add(before)
    step = integral.add(after)
    return step.energy_j / step.covered_s if step.covered_s > 0.0 else None


def accuracy_text(meter: Meter) -> str:
    """How far the true energy lies from what the meter says, 5th and 95th percentile; and what its sensor misses."""
    if meter.gain_p5 == meter.gain_p95 == 1.0:
        told = "not known"
    else:
        low, high = (f"{100.0 * (gain - 1.0):+.3g}" for gain in (meter.gain_p5, meter.gain_p95))
        told = f"{low}..{high} %"
    return told if meter.observed_ratio >= 1.0 else f"{told}, sees {100.0 * meter.observed_ratio:.0f} % of the time"
