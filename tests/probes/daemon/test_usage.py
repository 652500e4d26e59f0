"""Who used a device and which parts of it, added up until a frame: parts and the rest are the device's own step."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dcfoot.counter import Outcome, Step
from dcfoot.probe import Part
from dcfoot.reading import Basis, Channel, Cut, Domain, Meter
from dcfoot_probes.daemon.usage import DeviceUses, Taken
from simulated.daemons import HOST, meter
from simulated.near import near

GPU = meter("GPU-1").channel


def part_of(number: int) -> Meter:
    channel = Channel(HOST, Domain.GPU_INSTANCE, f"MIG-{number}", Basis.MODELLED)
    return replace(meter("GPU-1"), channel=channel, cut=Cut(GPU.device, number, "1g.10gb"))


ONE, TWO = part_of(1), part_of(2)


def took(energy_j: float) -> dict[Channel, Step]:
    return {GPU: Step(energy_j, 1.0, 1.0, Outcome.STEP)}


def energies_j(taken: Taken) -> Mapping[str, float]:
    return {channel.device: step.energy_j for channel, step in taken.steps.items()}


@given(st.lists(st.tuples(st.floats(0.0, 0.5), st.floats(0.0, 0.5), st.floats(0.1, 2.0)), min_size=1, max_size=5))
def test_several_answers_count_by_their_time(answers: list[tuple[float, float, float]]) -> None:
    uses = DeviceUses()
    for one, two, seconds in answers:
        uses.add({GPU.device: {7: one}}, [Part(ONE, one, {7: one}), Part(TWO, two, {})], seconds)
    taken = uses.take(took(100.0), [GPU])
    whole_s = sum(seconds for *_, seconds in answers)
    ones_j, twos_j = (sum(100.0 * of[n] * of[2] for of in answers) / whole_s for n in (0, 1))
    assert energies_j(taken) == near({"GPU-1": 100.0, "MIG-1": ones_j, "MIG-2": twos_j})
    assert taken.uses["GPU-1"] == near({7: ones_j / 100.0})


def test_a_process_has_the_same_energy_of_a_part_as_it_has_there_of_the_device() -> None:
    uses = DeviceUses()
    uses.add({GPU.device: {7: 0.25, 8: 0.125}}, [Part(ONE, 0.5, {7: 0.25, 8: 0.125})], 1.0)
    taken = uses.take(took(100.0), [GPU])
    shares = taken.uses["MIG-1"]
    assert {pid: share * energies_j(taken)["MIG-1"] for pid, share in shares.items()} == near({7: 25.0, 8: 12.5})
    assert taken.parts == {ONE.channel: ONE}


def test_where_it_is_not_known_whose_a_part_is_its_energy_is() -> None:
    uses = DeviceUses()
    uses.add({}, [Part(ONE, 0.5, {7: 0.5})], 1.0)
    uses.add({}, [Part(ONE, 0.5, None)], 1.0)
    taken = uses.take(took(100.0), [GPU])
    assert energies_j(taken)["MIG-1"] == 50.0
    assert taken.uses == {}


def test_what_is_told_of_a_device_waits_for_its_energy_and_is_taken_once() -> None:
    uses = DeviceUses()
    uses.add({GPU.device: {7: 1.0}}, [Part(ONE, 0.25, {7: 0.25})], 1.0)
    assert uses.take({}, [GPU]) == ({}, {}, {})
    assert energies_j(uses.take(took(100.0), [GPU])) == {"GPU-1": 100.0, "MIG-1": 25.0}
    assert energies_j(uses.take(took(100.0), [GPU])) == {"GPU-1": 100.0}


def test_a_part_that_was_made_anew_meanwhile_took_nothing_while_it_was_not_there() -> None:
    uses = DeviceUses()
    uses.add({GPU.device: {7: 1.0}}, [Part(ONE, 1.0, {7: 1.0})], 1.0)
    uses.add({GPU.device: {8: 1.0}}, [Part(TWO, 1.0, {8: 1.0})], 1.0)
    uses.add({GPU.device: {}}, [], 2.0)
    taken = uses.take(took(100.0), [GPU])
    assert energies_j(taken) == {"GPU-1": 100.0, "MIG-1": 25.0, "MIG-2": 25.0}
    assert taken.uses == {"GPU-1": {7: 0.25, 8: 0.25}, "MIG-1": {7: 1.0}, "MIG-2": {8: 1.0}}


def test_a_device_that_is_metered_no_more_is_forgotten() -> None:
    uses = DeviceUses()
    uses.add({GPU.device: {7: 1.0}}, [Part(ONE, 0.25, {7: 0.25})], 1.0)
    uses.take({}, [])
    assert energies_j(uses.take(took(100.0), [GPU])) == {"GPU-1": 100.0}
