"""The receipt as a Markdown report: every meter, every source in full. GitHub-flavoured tables (GFM 0.29, 4.10)."""

from collections.abc import Iterator, Sequence
from re import sub

from dcfoot.receipt.contract import ReceiptJson
from dcfoot.receipt.view import Figure, MeterLine, SourceLine, View, view

_MARKS = r"([\\`*_{}\[\]<>|~])"
"""Characters that Markdown would read as markup within a line (CommonMark 0.31, 2.4; GFM 0.29, 4.10 and 6.5)."""


def render(receipt: ReceiptJson, *, lang: str = "en") -> str:
    """The receipt as Markdown that ends in a newline, in ``"en"`` or ``"zh"``."""
    seen = view(receipt, lang)
    sections = (_head, _energy, _carbon, _more, _equivalents, _meters, _power, _phases, _sources, _end)
    blocks = [lines for section in sections if (lines := list(section(seen)))]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def escaped(text: str) -> str:
    """`text` as Markdown that shows it as it is."""
    return sub(_MARKS, r"\\\1", text)


def _head(seen: View) -> Iterator[str]:
    said = seen.words
    yield f"# {escaped(seen.name)}{said.colon}{said.receipt}"
    yield ""
    if seen.command:
        yield f"{_code(seen.command)}  "
    yield f"{escaped(seen.when)}{said.comma}**{seen.state}**  "
    if seen.part_of:
        yield f"**{escaped(seen.part_of)}**  "
    if seen.site_chosen:
        yield f"{said.site}{said.colon}{escaped(seen.site)}"
    else:
        yield ""
        yield f"> **{said.no_site}**  "
        yield f"> {said.no_site_remedy}"


def _code(text: str) -> str:
    """`text` as code, within more backticks than it has (CommonMark 0.31, 6.1)."""
    fence = "`"
    while fence in text:
        fence += "`"
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def _energy(seen: View) -> Iterator[str]:
    yield from _titled(seen.words.energy, seen, seen.ladder_basis)
    yield from _figures(seen.rungs, seen)
    notes = [
        f"- {escaped(f.label.removeprefix('+ '))}{seen.words.colon}{escaped(f.note)}" for f in seen.rungs if f.note
    ]
    if notes:
        yield ""
        yield from notes
    yield ""
    yield f"*{seen.words.bases_explained}*"


def _carbon(seen: View) -> Iterator[str]:
    if not seen.carbon:
        return
    yield from _titled(seen.words.carbon, seen, seen.carbon_method)
    yield from _figures(seen.carbon, seen)
    if seen.two_boundaries:
        yield ""
        yield f"**{seen.words.never_added}**"


def _more(seen: View) -> Iterator[str]:
    yield from _titled(seen.words.water_and_more, seen)
    yield from _figures((*seen.other, *seen.water), seen)
    if seen.what_matters:
        yield ""
        yield escaped(seen.what_matters)


def _equivalents(seen: View) -> Iterator[str]:
    if not seen.equivalents:
        return
    yield from _titled(seen.words.equivalents, seen)
    for like in seen.equivalents:
        interval = seen.words.beside.format(f"{like.interval}{seen.words.comma}{like.basis}")
        yield f"- {escaped(like.amount)} {escaped(like.label)}{escaped(interval)}"


def _meters(seen: View) -> Iterator[str]:
    said = seen.words
    yield from _titled(said.meters, seen)
    if not seen.meters:
        yield f"**{said.no_meters}**"
        return
    headings = [said.host, said.device, *said.meters_columns, said.method]
    yield from _table(headings, [_meter(meter) for meter in seen.meters], "lllrrrrll")


def _meter(meter: MeterLine) -> list[str]:
    return [
        meter.host,
        meter.device_name,
        meter.label,
        meter.share,
        meter.device,
        meter.power,
        meter.coverage,
        meter.basis,
        meter.method,
    ]


def _power(seen: View) -> Iterator[str]:
    if seen.power is None:
        return
    yield from _titled(seen.words.power_by_time, seen, escaped(seen.power.of))
    yield from ("```text", seen.power.bars, "```")
    yield ""
    yield escaped(seen.power.scale)


def _phases(seen: View) -> Iterator[str]:
    if not seen.phases:
        return
    yield from _titled(seen.words.phases, seen, seen.ladder_basis)
    for phase in seen.phases:
        parts = seen.words.comma.join((phase.duration, *phase.energies))
        yield f"- {escaped(phase.path)}{seen.words.colon}{escaped(parts)}"


def _sources(seen: View) -> Iterator[str]:
    said = seen.words
    if not seen.sources:
        return
    yield from _titled(said.sources, seen)
    yield from _table([said.item, said.value, said.source], [_source(line) for line in seen.sources], "lll")


def _source(line: SourceLine) -> list[str]:
    return [line.what, " ".join(filter(None, (line.value, line.flag))), line.source]


def _end(seen: View) -> Iterator[str]:
    said = seen.words
    if seen.warnings:
        yield from _titled(said.warnings, seen)
        yield from (f"- {escaped(warning)}" for warning in seen.warnings)
        yield ""
    yield f"{said.overhead}{said.colon}{escaped(seen.overhead)}"
    yield ""
    yield f"**{said.next_step}**{said.colon}{seen.next_step}"


def _titled(title: str, seen: View, beside: str = "") -> Iterator[str]:
    yield f"## {title}{seen.words.colon}{beside}" if beside else f"## {title}"
    yield ""


def _figures(figures: Sequence[Figure], seen: View) -> Iterator[str]:
    said = seen.words
    rows = [[f.label, f.amount, f.interval, f.basis] if f.basis else [f.label, f.value, "", ""] for f in figures]
    yield from _table([said.item, said.value, said.interval, said.basis], rows, "lrrl")


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], aligns: str) -> Iterator[str]:
    yield _row(headings)
    yield "|" + "|".join("--:" if align == "r" else "---" for align in aligns) + "|"
    yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(escaped, cells)) + " |"
