"""What heat is worth at its temperature: the temperature at which it is given, and the work that it could do."""

from dcfoot.elementwise import Numbers
from dcfoot.psychrometrics import ZERO_C_IN_K


def log_mean_k(warm_c: Numbers, cool_c: Numbers) -> Numbers:
    """The temperature at which a stream that cools from one to another gives its heat: ``(Tw - Tc) / ln(Tw / Tc)`` [K].

    In the equal form ``m x / artanh(x)`` with the mean ``m`` and ``x = (Tw - Tc) / (Tw + Tc)``, as a series in `x`: it
    holds where the two are the same. Off by less than 0.001 K between 0 and 150 C.

    Source: Lorenz 1894, Beitraege zur Beurteilung von Kuehlmaschinen, Zeitschrift des VDI 38: the mean of a process
    between gliding temperatures is that of entropy.

    Parameters
    ----------
    warm_c, cool_c : float or array
        Where the stream begins and ends, in either order [C]
    """
    twice_mean_k = warm_c + cool_c + 2 * ZERO_C_IN_K
    square = ((warm_c - cool_c) / twice_mean_k) ** 2
    return twice_mean_k / 2 * (1 - square * (1 / 3 + square * (4 / 45 + square * 44 / 945)))


def work_potential_ratio(warm_c: Numbers, cool_c: Numbers, ambient_c: Numbers) -> Numbers:
    """The work that heat could do at best, over the heat: ``1 - T0 / T`` (Carnot) [-].

    Source: Directive (EU) 2018/2001, annex V part C, which gives 0.3546 for heat of 150 C and a `T0` of 0 C
    (in whole kelvins).

    Parameters
    ----------
    warm_c, cool_c : float or array
        Of the water that brings the heat, and of the water that comes back [C]
    ambient_c : float or array
        Of the surroundings [C]
    """
    return 1 - (ambient_c + ZERO_C_IN_K) / log_mean_k(warm_c, cool_c)
