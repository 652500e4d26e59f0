"""The powers of the last minutes."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypedDict

from dcfoot.top.told import Told

STEP_S = 15
"""What one character stands for [s] (a choice: sixteen of them, which fit beside all else in 80 columns, are 4 min)."""

STEPS = 60
"""The most that are kept, a quarter of an hour (a choice: as many as a wide window has room for)."""


class LineTold(TypedDict):
    """A channel's powers as ``/api/v1/power`` tells of them; None in gaps."""

    domain: str
    device: str
    start_s: Sequence[int]
    mean_w: Sequence[float | None]


class PowerTold(TypedDict):
    """All of them."""

    channels: Sequence[LineTold]


class _Steps:
    """The mean power of each of a device's last steps."""

    def __init__(self) -> None:
        self.sums: deque[tuple[int, float, int]] = deque(maxlen=STEPS)

    def add(self, at_s: float, power_w: float) -> None:
        step = int(at_s // STEP_S)
        newest, sum_w, count = self.sums[-1] if self.sums else (-1, 0.0, 0)
        if step == newest:
            self.sums[-1] = (step, sum_w + power_w, count + 1)
        elif step > newest:
            self.sums.append((step, power_w, 1))

    def after(self, earlier: "_Steps") -> "_Steps":
        """What is known of both; of a step that both know of, what the earlier one knows, which saw more of it."""
        both = _Steps()
        both.sums.extend(earlier.sums)
        newest = earlier.sums[-1][0] if earlier.sums else -1
        both.sums.extend(one for one in self.sums if one[0] > newest)
        return both

    def means_w(self, end_s: float, count: int) -> list[float | None]:
        known_w = {step: sum_w / readings for step, sum_w, readings in self.sums}
        last = int(end_s // STEP_S)
        return [known_w.get(step) for step in range(last - count + 1, last + 1)]


class Powers:
    """What each device drew in the last minutes; added to with every tick."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], _Steps] = {}
        self.end_s = 0.0

    def hear(self, told: Told) -> None:
        """Takes the powers of a tick; a clock that was set back begins anew."""
        at_s = seconds(told["at"])
        if at_s < self.end_s - STEP_S:
            self._of.clear()
        self.end_s = at_s
        for one in told["channels"]:
            if one["power_w"] is not None:
                self._steps(one["domain"], one["device"]).add(at_s, one["power_w"])

    def recall(self, told: PowerTold) -> None:
        """Puts what the daemon's store remembers before what was heard."""
        for line in told["channels"]:
            kept = _Steps()
            for at_s, power_w in zip(line["start_s"], line["mean_w"], strict=True):
                if power_w is not None:
                    kept.add(at_s, power_w)
            self._of[line["domain"], line["device"]] = self._steps(line["domain"], line["device"]).after(kept)

    def means_w(self, domain: str, device: str, count: int) -> list[float | None]:
        """The last `count` steps of a device, the newest last; None in gaps [W]."""
        return self._steps(domain, device).means_w(self.end_s, count)

    def _steps(self, domain: str, device: str) -> _Steps:
        return self._of.setdefault((domain, device), _Steps())


def question(told: Told) -> str:
    """What is asked of the daemon for `Powers.recall`."""
    end_s = int(seconds(told["at"]))
    return f"/api/v1/power?start_s={(end_s // STEP_S - STEPS) * STEP_S}&end_s={end_s}&step_s={STEP_S}"


def seconds(at: str) -> float:
    """A stamp in seconds since 1970 UTC."""
    return datetime.fromisoformat(at).timestamp()


def fullest_w(values_w: Iterable[float | None], gauges: Mapping[str, float]) -> float:
    """What a full bar stands for: the device's limit where that is known, else the most that is shown [W]."""
    return gauges.get("power_limit_w") or max((value_w for value_w in values_w if value_w is not None), default=0.0)
