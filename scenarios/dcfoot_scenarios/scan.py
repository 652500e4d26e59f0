"""A clipped linear recurrence, all hours at once: ``s' = min(max(keep s + add, low), high)``.

In come the four coefficients of every hour, out goes the state after every hour. Functions of this form are closed
under composition, so that the hours of a year fold in pairs (Blelloch 1990, Prefix Sums and Their Applications): 14
passes over arrays in place of 8,760 steps, and a year that ends where it began is the fixed point of the composed
function.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Hours = NDArray[np.float64]
"""One value an hour: hours are the last axis, designs any before it."""

ROUNDING_RATIO = 1e-9
"""A yearly drift below this share of the range is rounding, and decides nothing (a choice: 8,760 sums of float64)."""


FEW_STEPS = 64
"""So many are done one by one (a choice: the fastest of 32, 64 and 128 on a year of hours)."""

EVEN = 32
"""An odd number of steps has idle ones added to a multiple of this: its halves are even then (a choice)."""


class Steps(NamedTuple):
    """The coefficients of each hour; all of the same shape, ``keep >= 0`` and ``low <= high``.

    Parameters
    ----------
    keep, add, low, high : array
        ``s' = min(max(keep s + add, low), high)``; `keep` is a ratio, the others have the state's unit. A `keep` of
        None is 1 in every hour, and saves its multiplications.
    """

    keep: Hours | None
    add: Hours
    low: Hours
    high: Hours

    def after(self, state: Hours) -> Hours:
        """The state after each step that began at `state`, in its unit."""
        moved: Hours = np.minimum(np.maximum(self.kept(state) + self.add, self.low), self.high)
        return moved

    def kept(self, state: Hours) -> Hours:
        """What each step keeps of a state, in its unit."""
        return state if self.keep is None else self.keep * state

    def every_other(self, first_index: int) -> "Steps":
        """Each second step from the one numbered `first_index`."""
        add, low, high = (values[..., first_index::2] for values in (self.add, self.low, self.high))
        return Steps(None if self.keep is None else self.keep[..., first_index::2], add, low, high)

    def then(self, later: "Steps") -> "Steps":
        """A step and the later one as one."""
        keep = None if self.keep is None else later.kept(self.keep)
        return Steps(keep, later.kept(self.add) + later.add, later.after(self.low), later.after(self.high))

    def fixed_point(self) -> Hours:
        """The state that a step leaves as it is; of several, the least."""
        lost = np.zeros_like(self.add) if self.keep is None else 1.0 - self.keep
        drifts = self.add > ROUNDING_RATIO * (self.high - self.low)
        without_losses = np.where(drifts, self.high, self.low)
        with_losses = np.minimum(np.maximum(self.add / np.maximum(lost, ROUNDING_RATIO), self.low), self.high)
        return np.where(lost > ROUNDING_RATIO, with_losses, without_losses)


def states(steps: Steps, start: Hours | None) -> Hours:
    """The state after every step, in its unit.

    Parameters
    ----------
    steps : Steps
        One an hour, along the last axis.
    start : array or None
        The state before the first, its last axis of length 1; None: the one at which the last step ends.
    """
    count = steps.add.shape[-1]
    if count == 1:
        return steps.after(steps.fixed_point() if start is None else start)
    if count <= FEW_STEPS and steps.add.ndim == 1:
        return _one_by_one(steps, start)
    if count % 2:
        steps = _with_idle_steps(steps, -count % EVEN if count > FEW_STEPS else 1)
    first, second = steps.every_other(0), steps.every_other(1)
    after_pairs = states(first.then(second), start)
    result = np.empty_like(steps.add)
    result[..., 1::2] = after_pairs
    result[..., ::2] = first.after(before(after_pairs, start))
    return result[..., :count]


def before(after: Hours, start: Hours | None) -> Hours:
    """The state before every step, in its unit.

    Parameters
    ----------
    after : array
        The state after every step.
    start : array or None
        The state before the first; None: the one after the last.
    """
    earlier = np.empty_like(after)
    earlier[..., 1:] = after[..., :-1]
    earlier[..., :1] = after[..., -1:] if start is None else start
    return earlier


def _with_idle_steps(steps: Steps, count: int) -> Steps:
    """So many steps more, that leave every state as it is."""
    shape = (*steps.add.shape[:-1], count)

    def longer(values: Hours, idle: float) -> Hours:
        return np.concatenate([values, np.full(shape, idle)], axis=-1)

    keep = None if steps.keep is None else longer(steps.keep, 1.0)
    return Steps(keep, longer(steps.add, 0.0), longer(steps.low, -np.inf), longer(steps.high, np.inf))


def _one_by_one(steps: Steps, start: Hours | None) -> Hours:
    """The states of a few steps of one design, where a call of an array function takes longer than a step."""
    ratios = np.ones_like(steps.add) if steps.keep is None else steps.keep
    each = list(zip(*(values.tolist() for values in (ratios, steps.add, steps.low, steps.high)), strict=True))
    if start is None:
        keep, add, least, most = each[0]  # all as one: from the least and from the most, and where nothing bounds
        for ratio, more, low, high in each[1:]:
            keep, add = ratio * keep, ratio * add + more
            least = min(max(ratio * least + more, low), high)
            most = min(max(ratio * most + more, low), high)
        start = Steps(*map(np.array, (keep, add, least, most))).fixed_point()
    state, found = float(start.item()), list[float]()
    for ratio, more, low, high in each:
        state = min(max(ratio * state + more, low), high)
        found.append(state)
    return np.array(found)
