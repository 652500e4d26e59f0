"""What a training run takes, from its size alone: the what-if path where nothing was measured."""

from dcfoot.units import J_PER_KWH


def training_flop(parameter_count: float, token_count: float) -> float:
    """Operations of training a dense transformer: ``6 N D``.

    Source: Kaplan et al. 2020, Scaling Laws for Neural Language Models, arXiv:2001.08361, section 2.1.

    Parameters
    ----------
    parameter_count : float
        Parameters that each token uses, N
    token_count : float
        Tokens that are trained on, D
    """
    return 6 * parameter_count * token_count


def training_time_s(work_flop: float, device_count: int, peak_flop_per_s: float, efficiency_ratio: float) -> float:
    """How long devices take for so many operations: ``F / (n peak efficiency)``.

    Source: Faiz et al. 2024, LLMCarbon, ICLR 2024, arXiv:2309.14393, eq. 5.

    Parameters
    ----------
    work_flop : float
        Operations to do
    device_count : int
        Accelerators at work
    peak_flop_per_s : float
        What one of them does at most [FLOP/s]
    efficiency_ratio : float
        Part of the peak that is reached, in 0..1 [-]
    """
    return work_flop / (device_count * peak_flop_per_s * efficiency_ratio)


def training_energy_kwh(time_s: float, device_count: int, device_power_w: float) -> float:
    """IT energy of the run: ``t n P``.

    Source: Patterson et al. 2021, arXiv:2104.10350, eq. 1 without the PUE.

    Parameters
    ----------
    time_s : float
        How long it lasts [s]
    device_count : int
        Accelerators at work
    device_power_w : float
        Mean power of the system for each accelerator, at the wall [W]
    """
    return time_s * device_count * device_power_w / J_PER_KWH
