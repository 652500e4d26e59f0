"""The receipt's words in English and Chinese.

One `Words` a language, so that a word that is missing in one of them is a type error. Chinese terms are those of
GB/T 32910 (data centres), of the GHG Protocol's Scope 2 Guidance in its Chinese edition, and of the ministry's factors
(电力碳足迹因子 for the life cycle).
"""

# ruff: noqa: RUF001 - Chinese punctuation and an en dash between two numbers is meant.

from collections.abc import Mapping
from typing import NamedTuple


class Words(NamedTuple):
    """What a receipt says in one language; templates are filled with `str.format`."""

    lang: str
    html_lang: str
    receipt: str
    states: Mapping[str, str]
    untitled: str
    head: str
    exit_status: str
    exit_unknown: str
    exit_signal: str
    hosts: str
    many_hosts: str
    part_of: str
    duration_units: tuple[str, str, str, str]
    site: str
    grid_zone: str
    no_site: str
    no_site_remedy: str
    energy: str
    ladder_basis: Mapping[str, str]
    interval: str
    rungs: Mapping[str, str]
    bases: Mapping[str, str]
    not_known: str
    meters: str
    meters_columns: tuple[str, str, str, str, str, str]
    method: str
    device: str
    host: str
    read_by: str
    domains: Mapping[str, str]
    carbon: str
    carbon_methods: Mapping[str, str]
    carbon_methods_short: Mapping[str, str]
    carbon_boundaries: Mapping[str, str]
    by_hour: Mapping[str, str]
    never_added: str
    water_and_more: str
    no_meters: str
    water_onsite: str
    water_offsite: str
    water_consumed: str
    water_withdrawn: str
    water_embodied: str
    water_weighted: str
    embodied: str
    pue: str
    pue_at_hours: str
    pue_metered: str
    cost: str
    it_energy: str
    facility_energy: str
    footprint: str
    item: str
    value: str
    basis: str
    what_matters: str
    results: Mapping[str, str]
    inputs: Mapping[str, str]
    equivalents: str
    equivalent_names: Mapping[str, str]
    equivalent_things: Mapping[str, str]
    beside: str
    phases: str
    phase: str
    power_by_time: str
    power_scale: str
    power_gap: str
    overhead: str
    overhead_row: str
    overhead_memory: str
    overhead_shared: str
    sources: str
    sources_whole: str
    figures: str
    year: str
    source: str
    unverified: str
    licence: str
    some_unverified: str
    warnings: str
    next_step: str
    next_steps: Mapping[str, str]
    bases_explained: str
    colon: str
    comma: str


ENGLISH = Words(
    lang="en",
    html_lang="en",
    receipt="receipt",
    states={"complete": "complete", "interrupted": "INTERRUPTED", "running": "still running"},
    untitled="unnamed run",
    head="{start} UTC, {duration}",
    exit_status="exit status {status}",
    exit_unknown="exit status not known",
    exit_signal="ended by signal {signal}",
    hosts="on {hosts}",
    many_hosts="on {count} hosts ({first} to {last})",
    part_of="Measured inside run {run}: do not add the two.",
    duration_units=("d", "h", "min", "s"),
    site="Site",
    grid_zone="grid {zone}",
    no_site="NO SITE NAMED: the WORLD AVERAGE stands in for cooling, water and carbon.",
    no_site_remedy="Real sites differ from it several times over. Say where it ran: --site ID or --country CODE.",
    energy="Energy",
    ladder_basis={"share": "this run's share", "whole_node": "the whole node, idle and others included"},
    interval="5 – 95 %",
    rungs={
        "accelerator": "accelerator",
        "host": "+ host",
        "node": "+ node, at the wall",
        "facility": "+ facility",
    },
    bases={"measured": "measured", "modelled": "modelled", "default": "default"},
    not_known="not known",
    meters="Meters",
    meters_columns=("meter", "this run", "metered", "average", "covered", "basis"),
    method="method",
    device="device",
    host="host",
    read_by="Read by",
    domains={
        "node": "node",
        "psys": "platform",
        "module": "module",
        "package": "CPU",
        "core": "CPU cores",
        "uncore": "CPU uncore",
        "dram": "memory",
        "gpu": "GPU",
        "gpu_memory": "GPU memory",
        "gpu_instance": "MIG instance",
    },
    carbon="Carbon",
    carbon_methods={"location": "location-based", "market": "market-based", "marginal": "marginal"},
    carbon_methods_short={"location": "location", "market": "market", "marginal": "marginal"},
    carbon_boundaries={"direct": "direct", "life_cycle": "life cycle"},
    by_hour={"typical_hours": "by the hour", "actual_hours": "actual hours"},
    never_added="Two views of the same electricity: never add direct and life-cycle carbon.",
    water_and_more="Water and hardware",
    no_meters="No meter could be read and no model applied: the energy of this run is not known.",
    water_onsite="water on site",
    water_offsite="water at power stations",
    water_consumed="of the water on site, evaporated",
    water_withdrawn="water withdrawn at power stations",
    water_embodied="water withdrawn for its silicon",
    water_weighted="water consumed, by scarcity (AWARE)",
    embodied="CO2e of the hardware",
    pue="PUE",
    pue_at_hours="PUE at these hours (typical year)",
    pue_metered="PUE at these hours (its meters)",
    cost="electricity cost",
    it_energy="IT energy",
    facility_energy="facility energy",
    footprint="Footprint",
    item="",
    value="value",
    basis="basis",
    what_matters="What makes the intervals",
    results={"carbon": "of carbon", "water": "of water"},
    inputs={
        "grid": "the grid's factor",
        "site.pue": "PUE",
        "site.wue": "water on site (WUE)",
        "site.ewif": "water of power stations (EWIF)",
        "meter": "the meters",
        "attribution": "this run's share",
        "node": "the model of the node",
        "calibration": "the calibration",
    },
    equivalents="That is about",
    equivalent_names={
        "boiled_ml": "mL of water brought to the boil",
        "boiled_l": "litres of water brought to the boil",
        "phone_charge": "smartphone charges",
        "household_day": "days of an average EU household's electricity",
        "household_year": "years of an average EU household's electricity",
        "car_m": "metres by petrol car",
        "car_km": "km by petrol car",
        "flight": "seats from London to New York",
    },
    equivalent_things={
        "boiled_ml": "water boiled",
        "boiled_l": "water boiled",
        "phone_charge": "smartphone charge",
        "household_day": "EU household",
        "household_year": "EU household",
        "car_m": "petrol car",
        "car_km": "petrol car",
        "flight": "flight",
    },
    beside=" ({})",
    phases="Phases",
    phase="phase",
    power_by_time="Power by time",
    power_scale="a full bar is {most}, a column {step}",
    power_gap="blank: not known",
    overhead="dcfoot itself",
    overhead_row="{cpu} s of CPU time (measured)",
    overhead_memory="{memory} MB of memory",
    overhead_shared="inside the job's process",
    sources="Sources",
    sources_whole="whole in `dcfoot show {run} --markdown`",
    figures="{count} figures",
    year="year",
    source="source",
    unverified="unverified",
    licence="licence: {licence}",
    some_unverified="{count} unverified",
    warnings="Warnings",
    next_step="Next",
    next_steps={
        "no_meter": "`dcfoot doctor` names every meter and the exact command that makes it readable.",
        "no_site": "`dcfoot show {run} --site ID` gives the figures of the place; `dcfoot sites` lists them.",
        "modelled": "`dcfoot doctor` says which meters could replace the model, and the command that opens them.",
        "gaps": "`dcfoot doctor` says why meters did not answer all the time.",
        "node": "`dcfoot calibrate` fits the node to your wall meter and narrows the interval.",
        "keep": "`dcfoot show {run} --markdown` makes a report of this receipt.",
    },
    bases_explained="measured: by a meter; modelled: from load and published models; default: a typical figure.",
    colon=": ",
    comma=", ",
)

CHINESE = Words(
    lang="zh",
    html_lang="zh-Hans",
    receipt="能耗小票",
    states={"complete": "已完成", "interrupted": "已中断", "running": "运行中"},
    untitled="未命名的运行",
    head="{start} UTC，历时 {duration}",
    exit_status="退出状态 {status}",
    exit_unknown="退出状态未知",
    exit_signal="被信号 {signal} 终止",
    hosts="主机 {hosts}",
    many_hosts="{count} 台主机（{first} 至 {last}）",
    part_of="本次运行已计入运行 {run}：两者不可相加。",
    duration_units=("天", "小时", "分", "秒"),
    site="地点",
    grid_zone="电网 {zone}",
    no_site="未指定地点：冷却、用水和碳排放均以世界平均值代替。",
    no_site_remedy="实际地点可能与之相差数倍。请用 --site ID 或 --country 代码 指明运行地点。",
    energy="能耗",
    ladder_basis={"share": "本次运行的份额", "whole_node": "整个节点，含空闲和其他任务"},
    interval="5 – 95 %",
    rungs={
        "accelerator": "加速器",
        "host": "+ 主机",
        "node": "+ 节点（电源插座处）",
        "facility": "+ 设施",
    },
    bases={"measured": "实测", "modelled": "模型估算", "default": "缺省值"},
    not_known="未知",
    meters="计量",
    meters_columns=("计量对象", "本次运行", "计量总量", "平均功率", "覆盖率", "依据"),
    method="方法",
    device="设备",
    host="主机",
    read_by="读取方式",
    domains={
        "node": "整机",
        "psys": "平台",
        "module": "模组",
        "package": "CPU",
        "core": "CPU 核心",
        "uncore": "CPU 非核心",
        "dram": "内存",
        "gpu": "GPU",
        "gpu_memory": "显存",
        "gpu_instance": "MIG 实例",
    },
    carbon="碳排放",
    carbon_methods={"location": "基于位置", "market": "基于市场", "marginal": "边际"},
    carbon_methods_short={"location": "位置", "market": "市场", "marginal": "边际"},
    carbon_boundaries={"direct": "直接排放", "life_cycle": "全生命周期"},
    by_hour={"typical_hours": "逐时", "actual_hours": "实际时段"},
    never_added="直接排放与全生命周期排放是对同一份电力的两种核算，不可相加。",
    water_and_more="用水与硬件",
    no_meters="没有可读取的计量表，也没有可用的模型：本次运行的能耗未知。",
    water_onsite="现场用水",
    water_offsite="发电用水",
    water_consumed="现场用水中的蒸发量",
    water_withdrawn="发电取水",
    water_embodied="加速器芯片制造取水",
    water_weighted="耗水（按 AWARE 稀缺度加权）",
    embodied="硬件隐含碳 CO2e",
    pue="PUE",
    pue_at_hours="本时段 PUE（典型年）",
    pue_metered="本时段 PUE（设施计量）",
    cost="电费",
    it_energy="IT 能耗",
    facility_energy="设施能耗",
    footprint="足迹",
    item="",
    value="数值",
    basis="依据",
    what_matters="区间的主要来源",
    results={"carbon": "碳排放", "water": "用水"},
    inputs={
        "grid": "电网因子",
        "site.pue": "PUE",
        "site.wue": "现场用水（WUE）",
        "site.ewif": "发电用水（EWIF）",
        "meter": "计量表",
        "attribution": "本次运行的份额",
        "node": "节点模型",
        "calibration": "校准",
    },
    equivalents="大约相当于",
    equivalent_names={
        "boiled_ml": "毫升水烧开",
        "boiled_l": "升水烧开",
        "phone_charge": "次手机充电",
        "household_day": "天欧盟普通家庭用电",
        "household_year": "年欧盟普通家庭用电",
        "car_m": "米汽油车行驶",
        "car_km": "公里汽油车行驶",
        "flight": "人次伦敦至纽约单程飞行",
    },
    equivalent_things={
        "boiled_ml": "烧水",
        "boiled_l": "烧水",
        "phone_charge": "手机充电",
        "household_day": "欧盟家庭用电",
        "household_year": "欧盟家庭用电",
        "car_m": "汽油车",
        "car_km": "汽油车",
        "flight": "航班",
    },
    beside="（{}）",
    phases="阶段",
    phase="阶段",
    power_by_time="功率随时间的变化",
    power_scale="满格为 {most}，每列 {step}",
    power_gap="空白处未知",
    overhead="dcfoot 自身",
    overhead_row="CPU 时间 {cpu} 秒（实测）",
    overhead_memory="内存 {memory} MB",
    overhead_shared="与任务同一进程",
    sources="数据来源",
    sources_whole="全文见 `dcfoot show {run} --markdown`",
    figures="{count} 个数值",
    year="年份",
    source="来源",
    unverified="未核实",
    licence="许可：{licence}",
    some_unverified="{count} 个未核实",
    warnings="警告",
    next_step="下一步",
    next_steps={
        "no_meter": "运行 `dcfoot doctor`，查看每个计量表以及使其可读的具体命令。",
        "no_site": "运行 `dcfoot show {run} --site ID` 得到该地点的数值；`dcfoot sites` 列出所有地点。",
        "modelled": "运行 `dcfoot doctor`，查看哪些计量表可以取代模型以及开启它们的命令。",
        "gaps": "运行 `dcfoot doctor`，查看计量表为何没有全程应答。",
        "node": "运行 `dcfoot calibrate`，用墙插电表校准节点模型，缩小区间。",
        "keep": "运行 `dcfoot show {run} --markdown`，生成这张小票的报告。",
    },
    bases_explained="实测：由计量表读出；模型估算：由负载和已发表的模型算出；缺省值：典型数值。",
    colon="：",
    comma="，",
)


def words(lang: str) -> Words:
    """The words of a language: ``"zh"`` and its regional forms (``"zh_CN.UTF-8"``) in Chinese, all else in English."""
    return CHINESE if lang.lower().startswith("zh") else ENGLISH
