"""Where a year's energy and water go, as links for a picture; every node gives what it takes."""

from dcfoot.units import MW_PER_GW
from dcfoot_scenarios.evaluate import Outcome
from dcfoot_scenarios.page_words import PageWords
from dcfoot_scenarios.sankey import Link


def energy_links(outcome: Outcome, said: PageWords) -> list[Link]:
    """From grid and plants, by way of the battery and the hall, to IT, cooling and losses [GWh]."""
    flows, year = outcome.year.flows, outcome.year
    used_clean = (flows.clean_mw - year.export_mw - year.curtailed_mw - flows.charge_clean_mw).sum()
    sums = {
        (said.grid, said.hall): flows.import_mw.sum() - flows.charge_grid_mw.sum(),
        (said.grid, said.battery): flows.charge_grid_mw.sum(),
        (said.clean, said.hall): used_clean,
        (said.clean, said.battery): flows.charge_clean_mw.sum(),
        (said.clean, said.sold): year.export_mw.sum(),
        (said.clean, said.curtailed): year.curtailed_mw.sum(),
        (said.battery, said.hall): flows.discharge_mw.sum(),
        (said.battery, said.losses): flows.charge_mw.sum() - flows.discharge_mw.sum(),
        (said.hall, said.it): year.it_mw.sum(),
        (said.hall, said.overhead): flows.load_mw.sum() - year.it_mw.sum(),
    }
    return [Link(*ends, max(float(mwh), 0.0) / MW_PER_GW) for ends, mwh in sums.items()]


def water_links(outcome: Outcome, said: PageWords) -> list[Link]:
    """On site: what evaporates and what is let go; at the power stations: what is consumed [m3]."""
    found = outcome.figures
    consumed = found["water_consumed_onsite_m3"]
    sums = {
        (said.water_onsite, said.evaporated): consumed,
        (said.water_onsite, said.let_go): found["water_onsite_m3"] - consumed,
        (said.water_source, said.evaporated): found.get("water_source_m3", 0.0),
    }
    return [Link(*ends, max(m3, 0.0)) for ends, m3 in sums.items() if m3 > 0]
