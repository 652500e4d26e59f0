"""What a study's page and pictures say, in English and Chinese."""

# ruff: noqa: RUF001 - punctuation of Chinese is meant.

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageWords:
    """Everything that a page says beside the names of figures (``data/figures.csv``)."""

    lang: str
    scenario: str
    figures: str
    differences: str
    better_in: str
    worse_in: str
    undecided: str
    hangs_on: str
    hangs_on_input: str
    hangs_at: str
    beside: str
    last_line: str
    switches: str
    stated_price: str
    of_one: str
    evidence: str
    notes: str
    what: str
    value: str
    year: str
    source: str
    checked: str
    verified: str
    unverified: str
    pictures: str
    carbon_family: str
    interval: str
    table_is_central: str
    small_is_interval: str
    incomplete: str
    no_difference: str
    to: str
    boundaries: dict[str, str]
    never_added: str
    made_by: str
    duration: str
    weeks: str
    heat_map: str
    energy_flow: str
    water_flow: str
    front: str
    tornado: str
    difference: str
    hours_of_year: str
    from_grid: str
    load: str
    generation: str
    clean: str
    battery: str
    grid: str
    hall: str
    it: str
    overhead: str
    losses: str
    sold: str
    curtailed: str
    days_from: str
    day_of_year: str
    hour_of_day: str
    water_onsite: str
    water_source: str
    evaporated: str
    let_go: str
    groups: dict[str, str]
    pays: str
    work: str
    extra_capex: str
    saving: str
    present_value: str
    payback: str
    abatement: str
    saved: str
    made: str
    carbon_payback: str
    a_year: str
    years: str
    never: str
    in_draws: str
    at_once: str
    optimised: str
    optimised_of: str
    quick: str
    size: str
    sizes: dict[str, str]
    aims: dict[str, str]
    limits: dict[str, str]
    eased: str
    limit_front: str
    not_held: str
    not_computed: str
    sweep: str
    sweep_is_partial: str
    swept_by: str
    points_missing: str
    best: str
    best_points: str
    front_points: str
    front_is_long: str
    a_point: str
    points: str
    front_line: str
    variance: str
    variance_note: str
    of_variance: str
    alone: str
    with_others: str


ENGLISH = PageWords(
    lang="en",
    scenario="Scenario",
    figures="Figures",
    differences="Beside the baseline",
    better_in="better in {share:.0%} of the draws",
    worse_in="worse in {share:.0%} of the draws",
    undecided="undecided",
    hangs_on="It hangs on",
    hangs_on_input="hangs on {name}",
    hangs_at="In brackets: the difference with the input at its 5th and at its 95th percentile.",
    beside="{variant} beside the baseline",
    last_line="dcfoot {version}, study {hash}, seed {seed}, {draws} draws; --json has every figure and its sources",
    switches="the better one changes at {amount}, {at:+.1f} standard deviations from its median",
    stated_price="hangs on the stated {name}{of}, {stated}: the cheaper one changes at {at}",
    of_one=" of {name}",
    evidence="Evidence",
    notes="What to know",
    what="What",
    value="Value",
    year="Year",
    source="Source",
    checked="Checked",
    verified="verified",
    unverified="unverified",
    pictures="Pictures",
    carbon_family="Carbon is counted as {gas}, {boundary}",
    interval="5 - 95 %",
    table_is_central="Central values; between what each lies (5 - 95 %) stands in intervals.csv and the page of --out.",
    small_is_interval="Small print: between what the figure lies in 5 - 95 % of the draws.",
    incomplete="Interrupted; not computed: {names}",
    no_difference="No difference in energy, carbon, water on site or cost.",
    to="{low} to {high}",
    boundaries={"direct": "direct", "life_cycle": "life-cycle"},
    never_added="Avoided emissions stand beside the inventory and are never subtracted from it.",
    made_by="Study {hash}, seed {seed}, {draws} draws; {versions}",
    duration="Draw from the grid: how many hours of the year it is above",
    weeks="a week in January and one in July",
    heat_map="PUE by day and hour",
    energy_flow="where the year's energy goes",
    water_flow="where the year's water goes",
    front="Which scenarios none beats in both",
    tornado="what the difference hangs on (input at its 5th percentile blue, at its 95th red)",
    difference="Difference",
    hours_of_year="hours of the year",
    from_grid="from the grid",
    load="load",
    generation="own generation",
    clean="own clean power",
    battery="battery",
    grid="grid",
    hall="hall",
    it="IT",
    overhead="cooling and losses",
    losses="losses of the battery",
    sold="sold",
    curtailed="curtailed",
    days_from="days from",
    day_of_year="day of the year",
    hour_of_day="hour",
    water_onsite="on site",
    water_source="power stations",
    evaporated="evaporated",
    let_go="let go",
    groups={
        "energy": "Energy",
        "clean": "Clean power",
        "carbon": "Carbon",
        "water": "Water",
        "heat": "Heat",
        "embodied": "Making",
        "money": "Money",
    },
    pays="Whether it pays",
    work="Work, of the baseline's: not held against it",
    extra_capex="More invested",
    saving="Saved in the first year",
    present_value="Net present value",
    payback="Back, with interest",
    abatement="A tonne that is not emitted costs, without a price of carbon",
    saved="Emissions saved a year",
    made="More emitted in making",
    carbon_payback="Made up for",
    a_year="a year",
    years="after {years:,.1f} years",
    never="never within its life",
    in_draws="; in {share:.0%} of the draws",
    at_once="at once",
    optimised="Optimised",
    optimised_of="Scenario {of}, least {aim}: {value}",
    quick="{told}. A quick answer: {above:.1%} above what its steps of four hours promise, on years that were tried "
    "less than 1 % above the optimum, which method: exact finds",
    size="Size",
    sizes={
        "solar_mw": "solar, MW",
        "wind_mw": "wind, MW",
        "energy_mwh": "battery, MWh",
        "charge_mw": "battery charging, MW",
        "discharge_mw": "battery discharging, MW",
        "inverter_mw": "battery inverter, MW",
        "pump_mw": "heat pump, MW of heat",
        "store_mwh": "heat store, MWh",
    },
    aims={"cost": "cost a year", "carbon": "carbon", "water": "water"},
    limits={
        "cfe_contracted_ratio_min": "clean power by the hour, at least (cfe_contracted_ratio_min, 1 is all)",
        "carbon_t_max": "carbon, at most (carbon_t_max, t)",
        "capex_max": "investment, at most (capex_max)",
        "cost_max": "cost a year, at most (cost_max)",
        "water_onsite_l_max": "water on site, at most (water_onsite_l_max, L)",
        "pue_max": "PUE, at most (pue_max)",
        "import_mw_max": "draw from the grid, at most (import_mw_max, MW)",
        "ramp_mw_per_h_max": "change of the draw, at most (grid.ramp_limit_mw_per_h, MW/h)",
    },
    eased="What a limit costs, {limit}: {value} for each unit that it is eased by",
    limit_front="Least {aim} by the limit, {limit}",
    not_held="nothing holds it",
    not_computed="interrupted, not computed",
    sweep="Sweep of {of}: {points:,} points over {keys}",
    sweep_is_partial="Too few points are computed to tell anything; the same command goes on.",
    swept_by="Study {hash}, seed {seed}, nothing is drawn; {versions}",
    points_missing="Interrupted: {done:,} of {points:,} points are computed; the same command goes on.",
    best="the best",
    best_points="The best of each figure, and where it stands",
    front_points="Points that none beats in both",
    front_is_long="{shown} of {count:,} of them, evenly along the front.",
    a_point="Row of the points",
    points="points",
    front_line="beaten by none in both",
    variance="What the variance comes from",
    variance_note="Sobol's indices: the share of a figure's variance by a key alone, and with all that it acts "
    "together with; between 5 and 95 % by bootstrap.",
    of_variance="of the variance",
    alone="alone",
    with_others="with others",
)

CHINESE = PageWords(
    lang="zh",
    scenario="方案",
    figures="指标",
    differences="与基准方案相比",
    better_in="{share:.0%} 的抽样更优",
    worse_in="{share:.0%} 的抽样更差",
    undecided="尚不能判定",
    hangs_on="关键影响因素",
    hangs_on_input="关键影响因素 {name}",
    hangs_at="括号内为该输入取 5% 与 95% 分位时的差值。",
    beside="{variant}，与基准方案相比",
    last_line="dcfoot {version}，研究 {hash}，种子 {seed}，{draws} 次抽样；--json 含全部指标及其来源",
    switches="为 {amount}（偏离中位数 {at:+.1f} 个标准差）时优劣反转",
    stated_price="给定的{name}{of}为 {stated}，改为 {at} 时成本高低反转",
    of_one="（{name}）",
    evidence="数据依据",
    notes="须知",
    what="内容",
    value="数值",
    year="年份",
    source="来源",
    checked="核实",
    verified="已核实",
    unverified="未核实",
    pictures="图",
    carbon_family="碳排放口径：{gas}，{boundary}",
    interval="5% - 95%",
    table_is_central="表中为中值；各值的区间（5% - 95%）见 --out 的 intervals.csv 与网页。",
    small_is_interval="小字为抽样的 5% - 95% 区间。",
    incomplete="已中断，以下方案未计算：{names}",
    no_difference="能耗、碳排放、现场取水与费用均无差异。",
    to="{low} 至 {high}",
    boundaries={"direct": "直接排放", "life_cycle": "全生命周期"},
    never_added="避免的排放单独列示，不从清单中扣减。",
    made_by="研究 {hash}，种子 {seed}，{draws} 次抽样；{versions}",
    duration="电网受电持续曲线",
    weeks="一月与七月各一周",
    heat_map="逐日逐时 PUE",
    energy_flow="全年能量流向",
    water_flow="全年用水流向",
    front="两项指标均未被超越的方案",
    tornado="差值的敏感性（蓝：输入取 5% 分位，红：95% 分位）",
    difference="差值",
    hours_of_year="全年小时数",
    from_grid="电网受电",
    load="负荷",
    generation="自有发电",
    clean="自有清洁电力",
    battery="电池",
    grid="电网",
    hall="数据中心",
    it="IT 设备",
    overhead="制冷与损耗",
    losses="电池损耗",
    sold="上网",
    curtailed="弃电",
    days_from="天，起始于",
    day_of_year="全年第几天",
    hour_of_day="时",
    water_onsite="现场取水",
    water_source="发电用水",
    evaporated="蒸发",
    let_go="排放",
    groups={
        "energy": "能源",
        "clean": "清洁电力",
        "carbon": "碳排放",
        "water": "水",
        "heat": "余热",
        "embodied": "隐含碳",
        "money": "费用",
    },
    pays="投资回报",
    work="工作量占基准的比例 (不作投资比较)",
    extra_capex="增加投资",
    saving="首年节省",
    present_value="净现值",
    payback="动态回收期",
    abatement="单位减排成本 (不含碳价)",
    saved="年减排量",
    made="制造增加的排放",
    carbon_payback="碳回收期",
    a_year="每年",
    years="{years:,.1f} 年",
    never="使用期内无法收回",
    in_draws="；占抽样的 {share:.0%}",
    at_once="立即",
    optimised="优化结果",
    optimised_of="方案 {of}，{aim}最小：{value}",
    quick="{told}。此为快速解：比四小时步长模型给出的值高 {above:.1%}；在已试算的年份中，与最优解相差不到 1 %，"
    "method: exact 可求得最优解",
    size="规模",
    sizes={
        "solar_mw": "光伏，MW",
        "wind_mw": "风电，MW",
        "energy_mwh": "电池容量，MWh",
        "charge_mw": "电池充电功率，MW",
        "discharge_mw": "电池放电功率，MW",
        "inverter_mw": "电池变流器功率，MW",
        "pump_mw": "热泵供热功率，MW",
        "store_mwh": "储热容量，MWh",
    },
    aims={"cost": "年费用", "carbon": "碳排放", "water": "用水量"},
    limits={
        "cfe_contracted_ratio_min": "逐时清洁电力占比下限（cfe_contracted_ratio_min，1 为全部）",
        "carbon_t_max": "碳排放上限（carbon_t_max，吨）",
        "capex_max": "投资上限（capex_max）",
        "cost_max": "年费用上限（cost_max）",
        "water_onsite_l_max": "现场取水上限（water_onsite_l_max，升）",
        "pue_max": "PUE 上限（pue_max）",
        "import_mw_max": "电网受电上限（import_mw_max，MW）",
        "ramp_mw_per_h_max": "受电爬坡上限（grid.ramp_limit_mw_per_h，MW/h）",
    },
    eased="{limit} 的影子价格：每放宽一个单位可减少 {value}",
    limit_front="不同 {limit} 下的最小{aim}",
    not_held="无可行解",
    not_computed="已中断，未计算",
    sweep="{of} 的扫描：{points:,} 个点，变量 {keys}",
    sweep_is_partial="已计算的点太少，尚无结论；重复同一命令可继续。",
    swept_by="研究 {hash}，种子 {seed}，不作抽样；{versions}",
    points_missing="已中断：已计算 {points:,} 个点中的 {done:,} 个；重复同一命令可继续。",
    best="最优",
    best_points="各指标的最优值及其所在",
    front_points="两项指标均未被超越的点",
    front_is_long="共 {count:,} 个，沿前沿均匀列出 {shown} 个。",
    a_point="点表行号",
    points="点",
    front_line="两项均未被超越",
    variance="方差来源",
    variance_note="Sobol 指数：某变量单独、以及连同全部交互所占的指标方差；5% - 95% 误差线由自助法得出。",
    of_variance="占方差",
    alone="单独",
    with_others="含交互",
)

WORDS = {"en": ENGLISH, "zh": CHINESE}
