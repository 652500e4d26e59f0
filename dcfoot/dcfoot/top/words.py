"""What ``dcfoot top`` says in English and Chinese beside the words of a receipt."""

# ruff: noqa: RUF001 - Chinese punctuation is meant.

from collections.abc import Mapping
from typing import NamedTuple

from dcfoot.receipt.words import Words as ReceiptWords
from dcfoot.receipt.words import words as receipt_words


class Words(NamedTuple):
    """What is said in one language; templates are filled with `str.format`."""

    receipt: ReceiptWords
    live: str
    late: str
    lost: str
    power_now: str
    since: str
    devices: str
    units: str
    probes: str
    part: str
    columns: Mapping[str, str]
    kinds: Mapping[str, str]
    idle: str
    wasted: Mapping[str, str]
    unattributed: str
    others: str
    pod: str
    is_down: str
    absent: str
    works: str
    store: str
    lost_frames: str
    own: str
    own_row: str
    water: Mapping[str, str]
    water_line: str
    blind: str
    nothing: str
    keys: tuple[tuple[str, str], ...]
    help_title: str
    help: tuple[tuple[str, str], ...]
    too_small: str


ENGLISH = Words(
    receipt=receipt_words("en"),
    live="every {0} s",
    late="no reading since",
    lost="NO CONNECTION since {0}: {1}",
    power_now="Power now",
    since="since {0}",
    devices="Devices",
    units="Who uses it",
    probes="Probes",
    part="{0}-{1}/{2}",
    columns={
        "name": "name",
        "power": "power",
        "history": "last {0} min",
        "used": "busy",
        "memory": "memory",
        "temperature": "temp.",
        "basis": "basis",
        "kind": "kind",
        "user": "user",
        "share": "share",
        "energy": "energy",
        "carbon": "carbon",
        "state": "state",
        "reading": "reading",
        "failures": "failures",
    },
    kinds={
        "slurm_job": "Slurm job",
        "container": "container",
        "service": "service",
        "user": "user",
        "system": "system",
    },
    idle="idle",
    wasted={
        "allocated_idle": "given, unused",
        "stopped": "stopped computing",
        "held": "memory held, no work",
        "slow": "clocks stuck low",
    },
    unattributed="not attributed",
    others="all others",
    pod="pod {0}",
    is_down="{0} is down",
    absent="not here",
    works="works",
    store="store",
    lost_frames="{0} frames lost",
    own="the daemon itself",
    own_row="{0} of a core, {1}",
    water={"onsite": "water on site", "offsite": "water at power stations"},
    water_line="water {0} on site, {1} at power stations",
    blind="A power sensor here looks {0} of the time: the rest is not known, so intervals are wide.",
    nothing="nothing matches",
    keys=(
        ("?", "help"),
        ("q", "quit"),
        ("1-5", "views"),
        ("Tab", "table"),
        ("s", "sort"),
        ("r", "reverse"),
        ("/", "filter"),
    ),
    help_title="Keys (any key goes back)",
    help=(
        ("1 2 3 4 5", "overview, devices, users, footprint, probes"),
        ("Tab", "the other table"),
        ("Up Down PgUp PgDn Home End", "scroll the table that > marks"),
        ("s  S", "sort it by the next column, by the one before"),
        ("r", "turn the order round"),
        ("/", "filter by words; Enter keeps it, Esc clears it"),
        ("Esc", "clear the filter"),
        ("?", "this help"),
        ("q", "leave"),
    ),
    too_small="The window is too small.",
)

CHINESE = Words(
    receipt=receipt_words("zh"),
    live="每 {0} 秒",
    late="最近读数",
    lost="自 {0} 起连接中断：{1}",
    power_now="当前功率",
    since="自 {0} 起",
    devices="设备",
    units="谁在使用",
    probes="探针",
    part="{0}-{1}/{2}",
    columns={
        "name": "名称",
        "power": "功率",
        "history": "最近 {0} 分钟",
        "used": "利用率",
        "memory": "显存",
        "temperature": "温度",
        "basis": "依据",
        "kind": "类型",
        "user": "用户",
        "share": "占比",
        "energy": "能耗",
        "carbon": "碳排放",
        "state": "状态",
        "reading": "读数耗时",
        "failures": "失败次数",
    },
    kinds={"slurm_job": "Slurm 作业", "container": "容器", "service": "服务", "user": "用户", "system": "系统"},
    idle="空闲",
    wasted={
        "allocated_idle": "已分配但未使用",
        "stopped": "已停止计算",
        "held": "占用显存但无计算",
        "slow": "频率持续过低",
    },
    unattributed="未归属",
    others="其他",
    pod="pod {0}",
    is_down="{0} 不可用",
    absent="本机没有",
    works="正常",
    store="存储",
    lost_frames="丢失 {0} 帧",
    own="守护进程自身",
    own_row="单核的 {0}，内存 {1}",
    water={"onsite": "现场用水", "offsite": "发电用水"},
    water_line="用水：现场 {0}，发电 {1}",
    blind="此处有功率传感器仅在 {0} 的时间里采样：其余时间的功率未知，区间因此很宽。",
    nothing="没有匹配项",
    keys=(
        ("?", "帮助"),
        ("q", "退出"),
        ("1-5", "视图"),
        ("Tab", "表格"),
        ("s", "排序"),
        ("r", "倒序"),
        ("/", "筛选"),
    ),
    help_title="按键（按任意键返回）",
    help=(
        ("1 2 3 4 5", "总览、设备、使用者、足迹、探针"),
        ("Tab", "切换表格"),
        ("Up Down PgUp PgDn Home End", "滚动带 > 标记的表格"),
        ("s  S", "按下一列、上一列排序"),
        ("r", "倒序"),
        ("/", "只显示含有全部这些词的行；Enter 保留，Esc 清除"),
        ("Esc", "清除筛选"),
        ("?", "本帮助"),
        ("q", "退出"),
    ),
    too_small="窗口太小。",
)


def words(lang: str) -> Words:
    """The words of a language, as `dcfoot.receipt.words.words` tells them apart."""
    return CHINESE if receipt_words(lang).lang == "zh" else ENGLISH
