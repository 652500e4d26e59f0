"""From a run and a site to its footprint: each boundary by hand, laws over any run, and what is not known."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcfoot.assessment import assess
from dcfoot.calibration import Point, fit
from dcfoot.draws import Spread
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence, Fact
from dcfoot.footprint import Footprint
from dcfoot.grid import Boundary, GridFactor, Method
from dcfoot.measurement import Machine, Measurement
from dcfoot.quantity import Quantity
from dcfoot.reading import Basis, Domain
from dcfoot.receipt.sentences import NO_SITE, said_in
from dcfoot.site import Site, resolve_site
from simulated.machines import GPU_SERVER, HOURS, SERVER, an_hour, metered
from simulated.near import near

PACKAGE, DRAM, GPU, NODE = Domain.PACKAGE, Domain.DRAM, Domain.GPU, Domain.NODE


def exact(value: float) -> Fact:
    return Fact(Spread.exact(value), Basis.MODELLED, Evidence("x", value, "", 2024, "by hand", verified=True))


def exact_factor(boundary: Boundary, gas: str, g: float, method: Method = Method.AVERAGE) -> GridFactor:
    return GridFactor(
        "XX", "by hand", boundary, gas, method, 2024, Spread.exact(g), Basis.MODELLED, "by hand", verified=True
    )


SITE = Site(
    "lab",
    "by hand",
    "FRA",
    "XX",
    exact(1.25),
    exact(0.8),
    exact(3.0),
    (
        exact_factor(Boundary.DIRECT, "CO2", 500.0),
        exact_factor(Boundary.LIFE_CYCLE, "CO2e", 600.0),
        exact_factor(Boundary.DIRECT, "CO2", 650.0, Method.RESIDUAL),
    ),
    exact(5.0),
)
"""A place whose every figure is exactly known."""

WALL = an_hour(metered(NODE, 400.0), metered(PACKAGE, 150.0), metered(DRAM, 50.0))
"""An hour at 400 W at the wall, measured."""


def value(quantity: Quantity | None) -> float:
    assert quantity is not None
    return quantity.value


def energies(footprint: Footprint) -> dict[str, float | None]:
    return {rung.name: rung.energy_kwh.value if rung.energy_kwh else None for rung in footprint.rungs}


def test_each_boundary_by_hand() -> None:
    # 0.4 kWh at the wall; PUE 1.25: 0.5 kWh of the facility. Water on site 0.4 x 0.8, at power stations 0.5 x 3.
    made = assess(WALL, SITE)
    assert energies(made) == {"accelerator": 0.0, "host": near(0.2), "node": near(0.4), "facility": near(0.5)}
    assert value(made.it_energy_kwh) == near(0.4)
    assert value(made.facility_energy_kwh) == near(0.5)
    assert value(made.water_onsite_l) == near(0.32)
    assert value(made.water_offsite_l) == near(1.5)
    assert [(c.method, c.boundary, c.gas, c.value.value) for c in made.carbon] == [
        ("location", "direct", "CO2", near(250.0)),
        ("location", "life_cycle", "CO2e", near(300.0)),
        ("market", "direct", "CO2", near(325.0)),
    ]


def test_where_everything_is_exact_so_is_the_result() -> None:
    made = assess(WALL, SITE)
    for quantity in (
        made.facility_energy_kwh,
        made.water_onsite_l,
        made.water_offsite_l,
        *(c.value for c in made.carbon),
    ):
        assert quantity is not None
        assert quantity.p5 == quantity.value == quantity.p95


def test_the_hardware_by_hand() -> None:
    # Dell R740, 1313 kg, for one of 5 x 8760 hours, and half of the chips' energy.
    run = an_hour(metered(PACKAGE, 100.0, share=0.5), metered(DRAM, 20.0, share=0.5))
    assert value(assess(run, SITE).embodied_g) == near(1313e3 / (5 * 8760) * 0.5)
    assert value(assess(run, SITE, whole_node=True).embodied_g) == near(1313e3 / (5 * 8760))


def test_the_hardware_of_a_gpu_is_counted_beside_its_server() -> None:
    run = an_hour(metered(GPU, 250.0), metered(PACKAGE, 100.0), metered(DRAM, 20.0), machine=GPU_SERVER)
    # An A100: 127.6 kg (Falk et al. 2025).
    assert value(assess(run, SITE).embodied_g) == near((1313e3 + 127.6e3) / (5 * 8760))


def test_hardware_is_a_default_and_where_the_machine_is_not_known_it_is_not_known() -> None:
    made = assess(WALL, SITE).embodied_g
    assert made is not None
    assert made.basis is Basis.DEFAULT
    virtual = assess(replace(WALL, machine=replace(SERVER, virtual=True)), SITE)
    assert virtual.embodied_g is None
    assert "What the machine is made of is not known, so neither are its embodied emissions." in virtual.warnings


def test_what_is_not_known_of_a_site_is_absent_and_never_nought() -> None:
    made = assess(WALL, replace(SITE, pue=None, wue_l_per_kwh=None))
    assert value(made.it_energy_kwh) == near(0.4)
    assert (made.pue, made.facility_energy_kwh, made.water_onsite_l, made.water_offsite_l) == (None, None, None, None)
    assert made.carbon == ()
    assert energies(made)["facility"] is None


def test_without_the_wall_nothing_that_stands_on_it_is_known() -> None:
    made = assess(an_hour(metered(GPU, 250.0), machine=GPU_SERVER), SITE)
    assert (made.it_energy_kwh, made.facility_energy_kwh, made.water_onsite_l, made.carbon) == (None, None, None, ())
    assert any(warning.startswith("The energy at the wall is not known") for warning in made.warnings)


def test_only_families_that_are_known_are_shown() -> None:
    france = assess(WALL, resolve_site("fr"))
    assert [(carbon.boundary, carbon.zone) for carbon in france.carbon] == [("life_cycle", "FRA")]


def test_the_worst_basis_climbs() -> None:
    # A measured wall at a place whose PUE is an average: everything beyond the wall is a default.
    made = assess(WALL, resolve_site("cn"))
    bases = [rung.energy_kwh.basis for rung in made.rungs if rung.energy_kwh]
    assert bases == [Basis.MEASURED, Basis.MEASURED, Basis.MEASURED, Basis.DEFAULT]
    assert {carbon.value.basis for carbon in made.carbon} == {Basis.DEFAULT}


def test_the_world_average_is_said_loudly_and_a_named_place_is_not_told_off() -> None:
    loud = [warning for warning in assess(WALL, resolve_site()).warnings if "WORLD AVERAGES" in warning]
    assert len(loud) == 1
    assert "--site" in loud[0]
    for quiet in (resolve_site("fr"), resolve_site("world"), SITE):
        assert not any("WORLD" in warning for warning in assess(WALL, quiet).warnings)


def test_a_site_without_a_grid_is_told_what_it_lacks() -> None:
    (told,) = (warning for warning in assess(WALL, resolve_site("desk")).warnings if "WORLD AVERAGES" in warning)
    assert told.startswith("The site desk names no grid")


def test_a_sensor_that_looks_part_of_the_time_is_the_reason_told_for_a_wide_interval() -> None:
    whole = metered(GPU, 300.0)
    part = replace(whole, meter=replace(whole.meter, observed_ratio=0.25, power_floor_w=60.0, power_ceiling_w=700.0))
    (told,) = (said for said in assess(an_hour(part), SITE).warnings if "sensor" in said)
    assert "25% of the time" in told
    assert "25%" in said_in(told, "zh") != told
    assert not any("sensor" in said for said in assess(an_hour(whole), SITE).warnings)


def test_unverified_figures_are_named() -> None:
    assert "Not verified: PUE (CHN), WUE (WLD)." in assess(WALL, resolve_site("cn")).warnings


def test_every_figure_has_its_evidence() -> None:
    made = assess(WALL, resolve_site("cn-guangdong"))
    named = " | ".join(evidence.what for evidence in made.evidence)
    for what in ("PUE (CHN)", "WUE (WLD)", "EWIF (CHN)", "grid factor CN-GD: direct CO2, average", "embodied: server"):
        assert what in named
    assert "node server" not in named  # the wall was measured
    assert all(evidence.source for evidence in made.evidence)


def test_a_modelled_node_names_its_constants() -> None:
    made = assess(an_hour(metered(PACKAGE, 100.0), metered(DRAM, 20.0)), SITE)
    assert sum(evidence.what.startswith("node server:") for evidence in made.evidence) == 9


def test_the_users_price_makes_a_cost_and_needs_its_currency() -> None:
    cost = assess(WALL, SITE, electricity_price_per_kwh=0.3, currency="EUR").cost
    assert cost is not None
    assert (cost.currency, cost.value.value) == ("EUR", near(0.15))
    assert assess(WALL, SITE).cost is None
    with pytest.raises(ConfigError, match="currency"):
        assess(WALL, SITE, electricity_price_per_kwh=0.3)


def test_the_class_may_be_given() -> None:
    run = an_hour(metered(PACKAGE, 100.0), metered(DRAM, 20.0))
    workstation, server = (
        value(assess(run, SITE, node_class=name).it_energy_kwh) for name in ("workstation", "server")
    )
    assert workstation < server
    with pytest.raises(ConfigError, match="there are: laptop, server"):
        assess(run, SITE, node_class="mainframe")


def test_the_same_run_at_the_same_site_is_the_same_footprint() -> None:
    run = an_hour(metered(PACKAGE, 100.0, share=0.5), metered(DRAM, 20.0))
    assert assess(run, resolve_site("fr")) == assess(run, resolve_site("fr"))


# A calibrated machine.

LINE = fit(
    [Point(50.0, 100.0), Point(150.0, 220.0), Point(250.0, 340.0)],
    host="node1",
    meters=("dram (measured)", "package (measured)"),
    source="a plug meter",
    fitted_at="2026-11-24T08:00:00+00:00",
)


def test_a_calibration_with_the_runs_meters_is_used_and_named() -> None:
    made = assess(an_hour(metered(PACKAGE, 180.0), metered(DRAM, 20.0)), SITE, calibration=LINE)
    assert value(made.it_energy_kwh) == near((40 + 1.2 * 200) / 1000)
    assert [e.what for e in made.evidence if e.what.startswith("node")] == [
        "node: calibrated overhead",
        "node: calibrated slope",
    ]
    node = next(rung.energy_kwh for rung in made.rungs if rung.name == "node")
    assert node is not None
    assert node.basis is Basis.MODELLED


@pytest.mark.parametrize(
    "run",
    [
        an_hour(metered(GPU, 200.0), metered(PACKAGE, 100.0), metered(DRAM, 20.0), machine=GPU_SERVER),
        an_hour(metered(PACKAGE, 100.0, basis=Basis.MODELLED), metered(DRAM, 20.0)),
    ],
)
def test_a_calibration_made_with_other_meters_is_left_out_and_told(run: Measurement) -> None:
    made = assess(run, SITE, calibration=LINE)
    assert made.it_energy_kwh == assess(run, SITE).it_energy_kwh
    assert "so it is not used. Run `dcfoot calibrate` again." in made.warnings[0]


# Laws.


@settings(max_examples=50)
@given(HOURS)
def test_the_rungs_grow_and_every_interval_encloses_its_value(run: Measurement) -> None:
    made = assess(run, resolve_site("cn-guangdong"), draws=50)
    known = [rung.energy_kwh for rung in made.rungs if rung.energy_kwh is not None]
    assert [one.value for one in known] == sorted(one.value for one in known)
    quantities = (*known, made.pue, made.embodied_g, made.water_onsite_l, made.water_offsite_l)
    for quantity in (*quantities, *(carbon.value for carbon in made.carbon)):
        assert quantity is None or 0 <= quantity.p5 <= quantity.value <= quantity.p95


@settings(max_examples=50)
@given(HOURS)
def test_pue_is_applied_once_and_water_on_site_does_not_know_it(run: Measurement) -> None:
    one, two = (assess(run, replace(SITE, pue=exact(pue)), draws=20) for pue in (1.0, 2.0))
    if one.it_energy_kwh is None:
        assert one.facility_energy_kwh is None
        return
    assert one.it_energy_kwh == two.it_energy_kwh
    assert one.water_onsite_l == two.water_onsite_l
    for before, after in (
        (one.facility_energy_kwh, two.facility_energy_kwh),
        (one.water_offsite_l, two.water_offsite_l),
    ):
        assert value(after) == near(2 * value(before))
    assert [c.value.value for c in two.carbon] == near([2 * c.value.value for c in one.carbon])


@settings(max_examples=50)
@given(HOURS)
def test_no_basis_gets_better_on_the_way_up(run: Measurement) -> None:
    made = assess(run, resolve_site(), draws=20)
    assert all(
        quantity is None or quantity.basis is Basis.DEFAULT
        for quantity in (made.facility_energy_kwh, made.water_onsite_l, made.water_offsite_l, made.embodied_g, made.pue)
    )
    assert {carbon.value.basis for carbon in made.carbon} <= {Basis.DEFAULT}


@settings(max_examples=100)
@given(HOURS, st.sampled_from([resolve_site(), resolve_site("fr"), resolve_site("desk"), resolve_site("cn")]))
def test_whatever_is_told_can_be_told_in_chinese(run: Measurement, site: Site) -> None:
    made = assess(run, site, draws=5, calibration=LINE)
    told = [*made.warnings, *(rung.note for rung in made.rungs if rung.note)]
    # The loudest is said at the site itself, in words of its own.
    spoken = [sentence for sentence in told if not sentence.startswith(NO_SITE)]
    assert [sentence for sentence in spoken if said_in(sentence, "zh") == sentence] == []


def test_a_run_of_no_time_at_all_has_a_footprint() -> None:
    none = assess(replace(an_hour(machine=Machine()), duration_s=0.0), resolve_site())
    assert none.it_energy_kwh is None
    assert none.warnings


def test_the_input_in_doubt_is_the_one_that_is_named() -> None:
    assert assess(WALL, SITE).what_matters == ()
    (pue, water) = assess(WALL, replace(SITE, pue=replace(known(SITE.pue), spread=Spread(1.25, 1.2, 1.4)))).what_matters
    assert (pue.quantity, pue.input, pue.correlation_ratio) == ("carbon", "site.pue", near(1))
    # Water on site goes with IT energy, that at power stations with the facility's.
    assert (water.quantity, water.input, water.correlation_ratio) == ("water", "site.pue", near(1))


def test_of_two_inputs_in_doubt_the_wider_comes_first() -> None:
    site = replace(
        SITE,
        pue=replace(known(SITE.pue), spread=Spread(1.25, 1.24, 1.26)),
        ewif_l_per_kwh=replace(known(SITE.ewif_l_per_kwh), spread=Spread(3.0, 2.0, 4.0)),
    )
    carbon, *water = assess(WALL, site).what_matters
    assert (carbon.quantity, carbon.input) == ("carbon", "site.pue")
    assert water[0].input == "site.ewif"
    assert water[0].correlation_ratio > 0.95


def known(fact: Fact | None) -> Fact:
    assert fact is not None
    return fact
