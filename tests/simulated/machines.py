"""Measurements of machines with known power, for the model: what each meter saw and what the run had of it."""

from dataclasses import replace

from hypothesis import strategies as st

from dcfoot.measurement import ChannelEnergy, Machine, Measurement, RunState
from dcfoot.reading import Basis, Channel, Domain, Kind, Meter
from simulated.measurements import finished, measurement

SERVER = Machine("AMD EPYC 7763 64-Core Processor", 1, 128, 256.0)
GPU_SERVER = replace(SERVER, accelerators=("NVIDIA A100 80GB PCIe",))


def metered(
    domain: Domain,
    power_w: float,
    *,
    share: float = 1.0,
    seconds: float = 3600.0,
    basis: Basis = Basis.MEASURED,
    gain: tuple[float, float] = (1.0, 1.0),
    device: str = "0",
    host: str = "node1",
) -> ChannelEnergy:
    """A meter that saw `power_w` for `seconds`, of which the run has `share`; the truth is within `gain` of it."""
    channel = Channel(host, domain, device, basis)
    meter = Meter(channel, f"{domain}", f"test.{domain}.{basis}", Kind.COUNTER, 1.0, gain_p5=gain[0], gain_p95=gain[1])
    return ChannelEnergy(meter, power_w * seconds, power_w * seconds * share, seconds)


def an_hour(*channels: ChannelEnergy, machine: Machine = SERVER) -> Measurement:
    """A finished run of an hour on `machine`."""
    return replace(
        finished(measurement("r-1", 3600.0, *channels)), channels=channels, machine=machine, state=RunState.COMPLETE
    )


SHARES = st.floats(0.0, 1.0)
GAINS = st.tuples(st.floats(0.5, 1.0), st.floats(1.0, 2.0))
CHIPS = st.builds(
    metered,
    domain=st.sampled_from([d for d in Domain if d.parent is not Domain.GPU]),
    power_w=st.floats(0.0, 1000.0),
    share=SHARES,
    seconds=st.floats(1.0, 3600.0),
    basis=st.sampled_from([Basis.MEASURED, Basis.MODELLED]),
    gain=GAINS,
    device=st.sampled_from("01"),
    host=st.sampled_from(["node1", "node2"]),
)
MACHINES = st.builds(
    Machine,
    cpu_name=st.sampled_from([None, "AMD EPYC 7763 64-Core Processor", "Intel(R) Core(TM) i9-13900K"]),
    memory_gib=st.none() | st.floats(1.0, 2000.0),
    accelerators=st.lists(st.sampled_from(["NVIDIA H100 80GB HBM3", "Tesla T4"]), max_size=8).map(tuple),
    accelerators_known=st.booleans(),
    virtual=st.booleans(),
)


def _device(energy: ChannelEnergy) -> tuple[str, str, str]:
    channel = energy.meter.channel
    return channel.host, channel.domain, channel.device


def _hour(parts: tuple[list[ChannelEnergy], Machine]) -> Measurement:
    return an_hour(*parts[0], machine=parts[1])


HOURS = st.tuples(st.lists(CHIPS, max_size=6, unique_by=_device), MACHINES).map(_hour)
"""Any hour on any machine, whatever it has meters of."""
