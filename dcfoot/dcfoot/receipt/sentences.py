"""Chinese for the English sentences that measuring and modelling write into a receipt (notes and warnings).

They are data in the receipt's JSON, in English. A sentence that is not known here stays English: a translation may be
missing, a warning never.
"""

# ruff: noqa: RUF001 - Chinese punctuation is meant.

import re

NO_SITE = "No site was named: "
"""How the model's warning begins that the world average stands in; renderers say it at the site itself, and louder."""

_CHINESE = (
    ("not metered", "没有计量表"),
    ("no accelerator on the bus", "总线上没有加速器"),
    ("from the module's own meter", "取自模组自身的计量表"),
    ("no meter of the processors", "处理器没有计量表"),
    ("from the meter of cores", "取自 CPU 核心的计量表"),
    ("from the meter of the platform", "取自平台的计量表"),
    ("memory has no meter; it is counted in the node", "内存没有计量表，计入节点"),
    ("from the meter at the wall or the supply's input", "取自插座或电源输入端的计量表"),
    (r"modelled: a node of the class (\w+)", r"模型估算：节点类别 \1"),
    ("modelled: fitted to this machine's wall meter", "模型估算：按本机的插座电表校准"),
    ("; a virtual machine: its threads' part of a host that is not known", "；虚拟机：按线程数占一台未知宿主机的份额"),
    (r"Nothing was metered: no energy of this run is known\.", "没有任何计量：本次运行的能耗未知。"),
    (
        r"The energy at the wall is not known, so neither are the facility's energy, water and carbon\.",
        "插座处的能耗未知，因此设施能耗、用水和碳排放也未知。",
    ),
    (
        r"A power sensor here looks (\d+)% of the time: .+",
        r"此处有功率传感器仅在 \1% 的时间里采样：其余时间的功率未知，区间因此很宽。",
    ),
    (
        r"The site (\S+) names no grid: its carbon and the water of its electricity are WORLD AVERAGES\. .+",
        r"地点 \1 未指明电网：其碳排放和发电用水以世界平均值代替。请加上 --country 或 --region。",
    ),
    (r"The facility's meters are left out\. (.+)", r"未采用设施计量：\1"),
    (
        r"(.+) does not hold the hours of this run: its PUE and WUE are modelled\.",
        r"\1 不含本次运行的时段：PUE 与 WUE 由模型估算。",
    ),
    (r"The calibration is left out\. (.+)", r"未采用校准：\1"),
    (
        r"The calibration of (\S+) was made with (.+); this run has (.+), so it is not used\. .+",
        r"\1 的校准针对 \2，而本次运行的计量为 \3，因此未采用。请重新运行 `dcfoot calibrate`。",
    ),
    (
        r"The model of the chips gives more than the meter at the wall, which is taken instead\.",
        "芯片的模型值高于插座电表的读数，以电表为准。",
    ),
    (
        r"The node's meter reads less than the meters of its chips together; the larger is taken\.",
        "节点电表的读数低于各芯片计量之和，取较大者。",
    ),
    (
        r"The accelerators' meters read more than the meter of the module that holds them\.",
        "加速器计量之和高于其所在模组的计量。",
    ),
    (
        r"The size of the memory is not known and it has no meter: it is missing in the node\.",
        "内存容量未知且没有计量表：节点能耗不含内存。",
    ),
    (
        r"What the machine is made of is not known, so neither are its embodied emissions\.",
        "机器的构成未知，因此其隐含碳也未知。",
    ),
    (r"Not verified: (.+)\.", r"未核实：\1。"),
    (
        r"(\d+) of (\d+) accelerators were metered; the others are not counted\.",
        r"\2 个加速器中计量了 \1 个，其余未计入。",
    ),
    (
        r"The bus could not be listed: whether there is an accelerator is not known\.",
        "无法列出总线上的设备：是否有加速器未知。",
    ),
    (
        r"(\S+) (\S+) was known for (\S+) of the run; its upper bound covers the gap, its value does not\.",
        r"\1 \2 的计量只覆盖运行时间的 \3；区间上限包含缺口，数值不包含。",
    ),
    (
        r"the machine slept for (\d+) s; that time is not part of the run's duration",
        r"机器休眠了 \1 秒，该时间不计入运行时长",
    ),
    (
        r"measured by codecarbon: fans, mainboard, network cards and the loss of the power supply are not in .+",
        "由 codecarbon 计量：其数值不含风扇、主板、网卡和电源损耗，也不含 NVIDIA 和 AMD 以外的加速器",
    ),
    (
        r"codecarbon counted the whole machine: other programs and the idle time are charged to this run",
        "codecarbon 计入了整台机器：其他程序和空闲能耗也算在本次运行上",
    ),
    (
        r"codecarbon's PUE of (\S+) was taken out of its energies; the site's PUE is used instead",
        r"已从 codecarbon 的能耗中除去其 PUE \1，改用地点的 PUE",
    ),
    (
        r"codecarbon saw GPUs but reported no energy of them: their energy is not known",
        "codecarbon 看到了 GPU 但没有报告其能耗：GPU 能耗未知",
    ),
    (
        r"The grid's actual hours are not known: (.+) The yearly factor stands\.",
        r"电网的实际时段数据未知：\1 以年度因子为准。",
    ),
    (
        r"The grid's actual hours are asked for when the job has ended: (.+) has them\.",
        r"任务结束后才查询电网的实际时段数据：运行 \1 可得。",
    ),
    (
        r"(\d+) of (\d+) hours are not known and were filled: (.+)\.",
        r"\2 个小时中有 \1 个未知，已填补：\3。",
    ),
    (
        r"the wall clock was stepped by (\S+) s; times are counted from the start",
        r"系统时钟跳变了 \1 秒，时间从起点计算",
    ),
)


def said_in(sentence: str, lang: str) -> str:
    """The sentence in `lang`, as far as its words are known; the parts of a note are joined by ``"; "``."""
    if lang != "zh":
        return sentence
    head, mark, tail = sentence.partition("; a virtual machine")
    return _chinese(head) + (_chinese(mark + tail) if mark else "")


def _chinese(sentence: str) -> str:
    for pattern, chinese in _CHINESE:
        found = re.fullmatch(pattern, sentence)
        if found:
            return found.expand(chinese)
    return sentence
