"""The water that went into a product's silicon. Low confidence: one foundry's figure stands for all fabs.

Withdrawal only: how much of it a fab evaporates is not published per wafer, so the consumption is not known.
"""

from collections.abc import Sequence

from dcfoot.draws import Spread
from dcfoot.embodied.products import Component, Kind
from dcfoot.embodied.wafer import good_die_ratio
from dcfoot.evidence import Evidence, Fact
from dcfoot.reading import Basis

L_PER_WAFER_LAYER = Spread(161.0, 137.3, 176.4)
"""Water per 300 mm wafer and mask layer (TSMC sustainability reports; 2024, and 2022 and 2023 as bounds)."""

MASK_LAYERS_COUNT = Spread(87.0, 40.0, 120.0)
"""Mask layers of a 7 nm process (3D InCites 2021); memory has about half, 3 nm a third more (judgement)."""

WAFER_CM2 = 706.9
"""Area of a 300 mm wafer: pi (15 cm)^2."""

SILICON = frozenset({Kind.ACCELERATOR_DIE, Kind.HBM, Kind.PROCESSOR})
"""The components whose amount is an area of dies."""


def silicon_water_l(components: Sequence[Component]) -> Fact:
    """Water withdrawn to make the dies among these components, those that failed included [L].

    Dies whose area is not among the components (DRAM modules, drives, small chips) are not in it.
    """
    area_cm2 = sum(one.count * one.amount for one in components if one.kind in SILICON) / good_die_ratio()
    wafers = area_cm2 / WAFER_CM2
    low, central, high = (
        wafers * per_layer * layers
        for per_layer, layers in (
            (L_PER_WAFER_LAYER.p5, MASK_LAYERS_COUNT.p5),
            (L_PER_WAFER_LAYER.central, MASK_LAYERS_COUNT.central),
            (L_PER_WAFER_LAYER.p95, MASK_LAYERS_COUNT.p95),
        )
    )
    evidence = Evidence(
        "water withdrawn to make silicon",
        L_PER_WAFER_LAYER.central,
        "L per 300 mm wafer and mask layer",
        2024,
        "TSMC 2024 Sustainability Report",
        verified=True,
        note="one foundry; mask layers of a 7 nm process stand for all",
    )
    return Fact(Spread(central, low, high), Basis.DEFAULT, evidence)
