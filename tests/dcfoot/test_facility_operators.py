"""The model against the PUE that operators state for their regions: fitted on half of them, tried on the other half."""

import subprocess
import sys

import pytest

from simulated.near import near
from simulated.operators import PROVIDERS, fit, halves, mean_error, own_median, sites
from simulated.reference import vectors
from simulated.repository import ROOT

DIRECTIONS = pytest.mark.parametrize("swapped", [False, True], ids=["one half", "the other"])


def test_three_operators_have_sites_whose_climate_is_known() -> None:
    assert len(sites()) >= 30
    assert {site.operator for site in sites()} == set(PROVIDERS)


@DIRECTIONS
def test_on_sites_that_it_was_not_fitted_to_the_model_beats_the_operators_own_median(swapped: bool) -> None:
    known, unseen = reversed(halves()) if swapped else halves()
    assert mean_error(fit(known).pue, unseen) < 0.85 * mean_error(own_median(known), unseen)


def test_the_error_over_all_unseen_sites_is_what_the_page_says() -> None:
    # The aim is 0.040; it is missed by 0.002 (docs/cooling.md).
    one, other = halves()
    errors = [abs(fit(known).pue(site) - site.pue) for known, unseen in ((one, other), (other, one)) for site in unseen]
    assert sum(errors) / len(errors) == near(0.042, abs=0.002)


@pytest.mark.parametrize("study", ["lei-masanet", "operators", "climates"])
def test_the_page_shows_what_its_program_prints(study: str) -> None:
    vectors("climate_bins_by_zone")  # skips where the references are not
    program = [sys.executable, "-P", str(ROOT / "benchmarks" / "published_pue.py"), study]
    printed = subprocess.run(program, check=True, capture_output=True, text=True).stdout.strip()
    assert printed in (ROOT / "docs" / "cooling.md").read_text(encoding="utf-8")
