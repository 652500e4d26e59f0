"""From IT energy to facility energy. PUE is applied here, once, and nowhere else."""


def facility_energy_kwh(it_energy_kwh: float, pue: float) -> float:
    """Energy of the whole facility for the energy of its IT equipment: ``IT energy x PUE``.

    Source: ISO/IEC 30134-2:2016, clause 5 (power usage effectiveness).

    Parameters
    ----------
    it_energy_kwh : float
        Energy at the IT equipment's inlet, the node rung [kWh]
    pue : float
        Power usage effectiveness, at least 1 [-]
    """
    return it_energy_kwh * pue
