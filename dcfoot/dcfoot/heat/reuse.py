"""How reused energy is counted: ERF and ERE, at the boundary of the data centre."""

from dcfoot.elementwise import Numbers


def energy_reuse_factor(reused_mwh: Numbers, facility_mwh: Numbers) -> Numbers:
    """The part of the data centre's energy that is used again outside: ``E_reuse / E_DC`` [-].

    Measured where it leaves the data centre: a heat pump outside adds nothing to it, and nothing to the energy below.

    Source: ISO/IEC 30134-6:2021 (the process that reuses the energy is no part of the data centre).

    Parameters
    ----------
    reused_mwh : float or array
        Energy that leaves and is used [MWh]
    facility_mwh : float or array
        All energy of the data centre [MWh]
    """
    return reused_mwh / facility_mwh


def energy_reuse_effectiveness(reused_mwh: Numbers, facility_mwh: Numbers, it_mwh: Numbers) -> Numbers:
    """Energy that the data centre keeps, over that of its IT: ``(E_DC - E_reuse) / E_IT = PUE (1 - ERF)`` [-].

    Source: The Green Grid 2010, ERE: a metric for measuring the benefit of reuse energy from a data center, white
    paper 29.

    Parameters
    ----------
    reused_mwh, facility_mwh : float or array
        As of `energy_reuse_factor` [MWh]
    it_mwh : float or array
        Of the IT equipment [MWh]
    """
    return (facility_mwh - reused_mwh) / it_mwh
