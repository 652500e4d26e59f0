"""The lines of ``dcfoot top``: what a daemon's document holds, in windows of every size, sorted and filtered."""

import json
import re
from dataclasses import replace
from typing import cast

import pytest

from dcfoot.receipt.layout import display_width, spark
from dcfoot.top.history import STEP_S, Powers, seconds
from dcfoot.top.look import Look, Panel
from dcfoot.top.screen import Page, State, foot, frame, plain
from dcfoot.top.told import Told, WasteTold
from dcfoot.top.words import CHINESE, ENGLISH, Words
from dcfoot_probes.daemon.http.now import now
from dcfoot_probes.daemon.words import Snapshot, Unit, UnitKind
from simulated.snapshots import HOST, PERSONAL, part_time, snapshot, with_wall

CJK = "训练作业之第一次实验"


def told_of(known: Snapshot, *, names: bool = True) -> Told:
    """As it comes out of the wire."""
    return cast("Told", json.loads(json.dumps(now(known, names=names))))


def lines_of(
    told: Told,
    look: Look | None = None,
    words: Words = ENGLISH,
    width: int = 80,
    height: int | None = 24,
    state: State | None = None,
) -> list[str]:
    powers = Powers()
    powers.hear(told)
    page = Page(told, powers, look or Look(), words, width, height)
    return plain(frame(page, state or State(), [foot(page, is_typing=False)]).lines).splitlines()


def rows(lines: list[str], begin: str) -> list[str]:
    return [line for line in lines if line.strip().startswith(begin)]


@pytest.mark.parametrize("words", [ENGLISH, CHINESE])
@pytest.mark.parametrize("width", [24, 40, 61, 80, 120, 250])
@pytest.mark.parametrize("height", [6, 12, 24, 70])
@pytest.mark.parametrize("view", [None, *Panel])
def test_every_window_is_filled_and_never_overfilled(words: Words, width: int, height: int, view: Panel | None) -> None:
    known = snapshot(8, 30)
    chinese = Unit(UnitKind.SLURM_JOB, "77", CJK)
    known = replace(known, units=[known.units[0]._replace(unit=chinese), *known.units[1:]])
    for state in (State(), State("the daemon broke off: 连接被拒绝", "12:00:00"), State(is_late=True)):
        lines = lines_of(told_of(known), Look(view=view), words, width, height, state)
        assert len(lines) == height
        assert max(map(display_width, lines)) <= width


@pytest.mark.parametrize(("words", "said"), [(ENGLISH, "looks 25% of the time"), (CHINESE, "仅在 25% 的时间里采样")])
def test_why_intervals_are_wide_is_said_where_a_sensor_looks_a_part_of_the_time(words: Words, said: str) -> None:
    told = part_time(snapshot())
    assert [line for line in lines_of(told_of(told), words=words, width=110) if said in line] != []
    older = told_of(snapshot())
    for one in older["channels"]:
        one.pop("observed_ratio", None)  # as a daemon told that did not know of it
    assert [line for line in lines_of(older, words=words, width=110) if said in line] == []


def test_a_window_that_is_too_small_says_so() -> None:
    assert lines_of(told_of(snapshot()), width=20) == ["The window is too s…"]


def test_the_ladder_has_each_rung_with_value_interval_and_basis() -> None:
    # Two GPUs of 256 and 257 W, two sockets of 128 and 129 W, memories of 16 and 17 W: 513 and 803 W; a node that adds
    # 128 W; a PUE of 1.25.
    lines = lines_of(told_of(snapshot()))
    assert re.fullmatch(r" accelerator +513 W +496 . 530 +measured +513 Wh", rows(lines, "accelerator")[0])
    assert "803 W" in rows(lines, "+ host")[0]
    assert "931 W" in rows(lines, "+ node")[0]
    assert "modelled" in rows(lines, "+ node")[0]
    facility = rows(lines, "+ facility")[0]
    assert "1.16 kW" in facility
    assert "0.58" in facility
    assert "1.75" in facility
    assert "default" in facility


def test_what_is_not_known_is_said_to_be_so_and_is_not_zero() -> None:
    known = snapshot()
    assert known.ladder
    ladder = replace(known.ladder, power_w={**known.ladder.power_w, "facility": None}, carbon=[])
    channels = [one._replace(power_w=None) for one in known.channels]
    lines = lines_of(told_of(replace(known, ladder=ladder, channels=channels)))
    assert "not known" in rows(lines, "+ facility")[0]
    assert "not known" in rows(lines, "GPU 0")[0]
    assert "not known" in rows(lines, "1000")[0]
    before = lines_of(told_of(replace(known, ladder=None)))
    assert "not known" in rows(before, "accelerator")[0]


def test_units_idle_and_what_is_nobodys_add_up_to_the_machine() -> None:
    # An eighth is idle, a sixteenth is nobody's; the rest is shared by three, and carbon goes with energy: of 512 g.
    lines = lines_of(told_of(snapshot()), width=120, height=40)
    assert rows(lines, "idle")[0].split() == ["idle", "100", "W", "12", "%", "100", "Wh", "64.0", "g"]
    assert "32.0 g" in rows(lines, "not attributed")[0]
    for number in range(3):
        assert rows(lines, str(1000 + number))[0].endswith("139 g")  # 512 * (1 - 1/8 - 1/16) / 3
    told = told_of(snapshot(2, 9))
    some: Told = {**told, "units": told["units"][:3]}
    others = rows(lines_of(some, width=120, height=40), "all others")[0]
    assert "277 g" in others  # 512 * 13/16 * 6/9


def test_every_share_is_of_the_power_now_whatever_was_before() -> None:
    # All was idle until now; now of 803 W a unit has the half, a quarter is idle, an eighth nobody's, the others have
    # the last eighth.
    known = snapshot(2, 3)
    channels = [
        one._replace(idle_j=one.energy_j, unattributed_j=0.0, idle_w=(one.power_w or 0.0) / 4, unattributed_w=0.0)
        for one in known.channels
    ]
    channels[0] = channels[0]._replace(unattributed_w=803 / 8)
    units = [one._replace(power_w=803 / part, energy_j={}) for one, part in zip(known.units, (2, 16, 16), strict=True)]
    told = told_of(replace(known, channels=channels, units=units))
    some: Told = {**told, "units": told["units"][:1]}
    lines = lines_of(some, width=120, height=40)
    shown = {name: rows(lines, name)[0] for name in ("1000", "idle", "not attributed", "all others")}
    found = {name: re.findall(r"([\d.]+) %", line) for name, line in shown.items()}
    assert found == {"1000": ["50"], "idle": ["25"], "not attributed": ["12"], "all others": ["12"]}  # 12.5 each


def test_beside_a_meter_of_the_whole_node_nothing_is_shown_twice() -> None:
    # It sees twice what its devices take. Of these an eighth is idle, a sixteenth nobody's; nobody's is also the rest.
    lines = lines_of(told_of(with_wall(snapshot(2, 1))), width=120, height=40)
    shown = {name: rows(lines, name)[-1] for name in ("1000", "idle", "not attributed")}
    found = {name: re.findall(r"([\d.]+) %", line) for name, line in shown.items()}
    assert found == {"1000": ["40"], "idle": ["6.2"], "not attributed": ["53"]}  # 13/32, 1/16, 17/32: rounded down


def test_without_names_a_unit_is_told_of_by_its_number() -> None:
    text = "\n".join(lines_of(told_of(snapshot(), names=False), width=120))
    assert PERSONAL not in text
    assert "1000" in text


def test_a_pod_and_a_user_are_named_where_they_are_known() -> None:
    lines = lines_of(told_of(snapshot()), width=120)
    assert "pod pod-1" in rows(lines, "1001")[0]
    assert " 4001 " in rows(lines, "1001")[0]  # no user of this machine has that number


def test_a_name_cannot_move_the_cursor() -> None:
    known = snapshot()
    evil = Unit(UnitKind.USER, "\x1b[2J\x07evil", "\x9b31m")
    lines = lines_of(told_of(replace(known, units=[known.units[0]._replace(unit=evil)])))
    assert "evil" in "".join(lines)
    assert all(char.isprintable() for line in lines for char in line)


SORTED = {
    "name": (["0", "1", "2", "3", "4"], ["1000", "1001", "1002", "1003", "1004"]),
    "power": (["4", "2", "0", "3", "1"], ["1004", "1002", "1000", "1003", "1001"]),
    "energy": (["0", "1", "2", "3", "4"], ["1003", "1001", "1000", "1004", "1002"]),
    "used": (["2", "4", "0", "3", "1"], ["1004", "1002", "1000", "1003", "1001"]),
    "kind": (["0", "1", "2", "3", "4"], ["1004", "1001", "1002", "1000", "1003"]),
}
"""The GPUs and the units of the machine below, by hand; a table without the column stays in the order that it had."""


@pytest.mark.parametrize("key", SORTED)
def test_each_table_that_has_the_column_is_sorted_by_it(key: str) -> None:
    known = snapshot(5, 5)
    powers_w, energies_j = [3.0, 1.0, 4.0, 1.5, 9.0], [3.0, 4.0, 1.0, 5.0, 2.0]
    channel = known.channels[0].meter.channel
    units = [
        one._replace(power_w=power_w, energy_j={channel: energy_j})
        for one, power_w, energy_j in zip(known.units, powers_w, energies_j, strict=True)
    ]
    channels = [one._replace(power_w=power_w) for one, power_w in zip(known.channels, powers_w, strict=False)]
    used = dict(zip((one.meter.channel.device for one in channels), (0.5, 0.1, 0.9, 0.2, 0.6), strict=True))
    gauges = {device: {"utilisation_ratio": ratio} for device, ratio in used.items()}
    told = told_of(replace(known, units=units, channels=channels, gauges=gauges))
    lines = lines_of(told, Look().sorted_by(key), height=60)
    devices = [line.split()[1] for line in rows(lines, "GPU")]
    owners = [line.split()[0] for line in rows(lines, "100")]
    assert (devices, owners) == SORTED[key]


def test_the_order_can_be_turned_round_and_what_is_not_known_stays_last() -> None:
    known = snapshot(3, 0)
    first = known.channels[0]._replace(power_w=None)
    told = told_of(replace(known, channels=[first, *known.channels[1:3]]))
    falling = Look(active=Panel.DEVICES).sorted_by("power")
    for look, order in ((falling, ["2", "1", "0"]), (falling.turned_round(), ["1", "2", "0"])):
        assert [line.split()[1] for line in rows(lines_of(told, look), "GPU")] == order


def test_a_filter_shows_what_has_all_its_words_and_says_where_there_is_nothing() -> None:
    told = told_of(snapshot(2, 9))
    lines = lines_of(told, Look(filter="SLURM erika"))
    assert [line.split()[0] for line in rows(lines, "100")] == ["1000", "1003", "1006"]
    assert not rows(lines, "idle")
    assert rows(lines, "nothing matches")
    assert lines[-1].startswith(" /SLURM erika  ")
    assert rows(lines_of(told, Look(filter="gpu-0001")), "GPU 1")


def test_a_probe_that_is_down_is_said_in_every_view() -> None:
    for view in (None, *Panel):
        text = "\n".join(lines_of(told_of(snapshot()), Look(view=view)))
        assert "acpi_power_meter" in text
        assert "Permission denied" in text


def test_waste_is_told_of_while_it_lasts() -> None:
    told = told_of(snapshot())
    named = told["units"][0]
    finding = {
        "kind": "allocated_idle",
        "device": "GPU-0000",
        "units": [named],
        "since_at": told["started_at"],
        "is_over": False,
        "energy_kwh": 0.0625,
        "carbon_g": {"value": 32.0, "p5": 24.0, "p95": 40.0, "basis": "modelled"},
        "cost": None,
    }
    over = {**finding, "device": "GPU-0001", "is_over": True}
    waste = cast("WasteTold", {"currency": None, "findings": [finding, over]})
    lines = rows(lines_of({**told, "waste": waste}, width=120), "!")
    assert len(lines) == 2
    assert lines[0].startswith(f" ! GPU 0: given, unused (1000 {PERSONAL}-0) since ")
    assert lines[0].endswith("62.5 Wh, 32.0 g")


def test_a_lost_connection_is_in_the_first_line_and_the_figures_stay() -> None:
    lines = lines_of(told_of(snapshot()), state=State("no daemon answers", "12:00:00"))
    assert lines[0].endswith("NO CONNECTION since 12:00:00: no daemon answers")
    assert "513 W" in rows(lines, "accelerator")[0]
    assert HOST in lines_of(told_of(snapshot()))[0]


def test_history_is_heard_and_recalled_and_a_gap_stays_one() -> None:
    told = told_of(snapshot(1, 0))
    powers, device = Powers(), told["channels"][0]["device"]
    powers.hear(told)
    end_s = int(seconds(told["at"])) // STEP_S * STEP_S
    past = [(end_s - 3 * STEP_S, 100.0), (end_s - 2 * STEP_S, None), (end_s - STEP_S, 200.0)]
    starts_s, means_w = zip(*past, strict=True)
    powers.recall({"channels": [{"domain": "gpu", "device": device, "start_s": starts_s, "mean_w": means_w}]})
    assert powers.means_w("gpu", device, 5) == [None, 100.0, None, 200.0, 256.0]
    assert spark([None, 0.0, 100.0, 400.0, 700.0], 700.0) == " ▁▂▅█"
