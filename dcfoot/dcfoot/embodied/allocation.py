"""The share of a machine's embodied emissions that a piece of work carries, by three rules.

They answer different questions, and a report names its rule:

- **by reserved time** (ISO/IEC 21031): what nobody reserved is nobody's;
- **by use** (Luccioni et al. 2023): idle time is carried by those who used the machine;
- **by value** (ISO 14044, economic or physical): who earns or computes more carries more.

Over all the work of a machine's life, the second and the third add up to the whole machine; so does the first where
the machine is reserved throughout.
"""

from dcfoot.units import G_PER_KG


def embodied_share_g(total_kg: float, reserved_h: float, lifespan_h: float, reserved_ratio: float) -> float:
    """By reserved time: ``TE x TiR/EL x RR/ToR``.

    Source: ISO/IEC 21031:2024, Software Carbon Intensity, embodied emissions M.

    Parameters
    ----------
    total_kg : float
        Embodied emissions of the machine, TE [kg]
    reserved_h : float
        Time that it was reserved for the work, TiR [h]
    lifespan_h : float
        Expected lifespan, EL [h]
    reserved_ratio : float
        Part of the machine's resources that was reserved for the work, RR/ToR, in 0..1 [-]
    """
    return total_kg * G_PER_KG * (reserved_h / lifespan_h) * reserved_ratio


def embodied_by_use_g(
    total_kg: float, used_h: float, lifespan_h: float, utilisation_ratio: float, used_ratio: float
) -> float:
    """By use: ``TE x used / (EL x utilisation) x part``.

    Source: Luccioni, Viguier and Ligozat 2023, Estimating the Carbon Footprint of BLOOM, JMLR 24(253), section 4.3.

    Parameters
    ----------
    total_kg : float
        Embodied emissions of the machine, TE [kg]
    used_h : float
        Time that the work used it [h]
    lifespan_h : float
        Expected lifespan, EL [h]
    utilisation_ratio : float
        Part of its life in which it is used at all, in 0..1 [-]
    used_ratio : float
        Part of the machine that the work used meanwhile, in 0..1 [-]
    """
    return total_kg * G_PER_KG * (used_h / (lifespan_h * utilisation_ratio)) * used_ratio


def embodied_by_value_g(total_kg: float, value_ratio: float) -> float:
    """By value: ``TE x v/V``.

    Source: ISO 14044:2006, 4.3.4.2 (allocation by physical relationships, else in proportion to economic value).

    Parameters
    ----------
    total_kg : float
        Embodied emissions of the machine, TE [kg]
    value_ratio : float
        The work's part of all that the machine earns or delivers in its life: money, FLOP, tokens, in 0..1 [-]
    """
    return total_kg * G_PER_KG * value_ratio
