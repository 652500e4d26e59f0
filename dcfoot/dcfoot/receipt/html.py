"""The receipt as one HTML page without outside resources: readable on a phone, in the dark and on paper."""

from collections.abc import Iterator, Sequence
from html import escape

from dcfoot.receipt.contract import ReceiptJson
from dcfoot.receipt.view import Figure, MeterLine, SourceLine, View, view

_STYLE = """
:root { color-scheme: light dark; --edge: #8884; --bar: #2a9d8f; --loud: #e9c46a; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin: 0; font-size: 1.6rem; } h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
h2 small, .dim { font-weight: normal; opacity: .7; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid var(--edge); vertical-align: top; }
th { font-weight: normal; opacity: .7; } .number { text-align: right; white-space: nowrap; }
.wide { overflow-x: auto; } code { overflow-wrap: anywhere; }
.loud { background: var(--loud); color: #000; padding: .6rem 1rem; border-radius: .3rem; }
.measured::before { content: "\\25cf\\a0"; } .modelled::before { content: "\\25d0\\a0"; }
.default::before { content: "\\25cb\\a0"; }
.bar { min-width: 8rem; width: 30%; } .bar svg { display: block; width: 100%; height: 1rem; }
@media print { body { margin: 0; font-size: 11px; max-width: none; } h2, tr { break-inside: avoid; } }
"""


def render(receipt: ReceiptJson, *, lang: str = "en") -> str:
    """The receipt as a self-contained page, in ``"en"`` or ``"zh"``."""
    seen = view(receipt, lang)
    sections = (_head, _energy, _carbon, _more, _equivalents, _meters, _power, _phases, _sources, _end)
    body = "\n".join(line for section in sections for line in section(seen))
    title = escape(f"{seen.name}{seen.words.colon}{seen.words.receipt}")
    return (
        f'<!doctype html>\n<html lang="{seen.words.html_lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _head(seen: View) -> Iterator[str]:
    said = seen.words
    yield f"<h1>{escape(seen.name)}</h1>"
    if seen.command:
        yield f"<p><code>{escape(seen.command)}</code></p>"
    yield f"<p>{escape(seen.when)}{said.comma}<strong>{seen.state}</strong></p>"
    if seen.part_of:
        yield f'<p class="loud">{escape(seen.part_of)}</p>'
    if seen.site_chosen:
        yield f"<p>{said.site}{said.colon}{escape(seen.site)}</p>"
    else:
        yield f'<p class="loud"><strong>{said.no_site}</strong><br>{said.no_site_remedy}</p>'


def _energy(seen: View) -> Iterator[str]:
    yield _title(seen.words.energy, seen.ladder_basis)
    yield from _figures(seen.rungs, seen)
    for rung in seen.rungs:
        if rung.note:
            label = rung.label.removeprefix("+ ")
            yield f'<p class="dim">{escape(label)}{seen.words.colon}{escape(rung.note)}</p>'
    yield f'<p class="dim">{seen.words.bases_explained}</p>'


def _carbon(seen: View) -> Iterator[str]:
    if not seen.carbon:
        return
    yield _title(seen.words.carbon, seen.carbon_method)
    yield from _figures(seen.carbon, seen)
    if seen.two_boundaries:
        yield f"<p><strong>{seen.words.never_added}</strong></p>"


def _more(seen: View) -> Iterator[str]:
    yield _title(seen.words.water_and_more)
    yield from _figures((*seen.other, *seen.water), seen)
    if seen.what_matters:
        yield f'<p class="dim">{escape(seen.what_matters)}</p>'


def _equivalents(seen: View) -> Iterator[str]:
    if not seen.equivalents:
        return
    yield _title(seen.words.equivalents)
    yield "<ul>"
    for like in seen.equivalents:
        interval = seen.words.beside.format(f"{like.interval}{seen.words.comma}{like.basis}")
        yield f"<li><strong>{escape(like.amount)}</strong> {escape(like.label)}{escape(interval)}</li>"
    yield "</ul>"


def _meters(seen: View) -> Iterator[str]:
    said = seen.words
    yield _title(said.meters)
    if not seen.meters:
        yield f'<p class="loud">{said.no_meters}</p>'
        return
    yield '<div class="wide"><table>'
    yield _headings([said.host, said.device, *said.meters_columns, said.method])
    yield from map(_meter, seen.meters)
    yield "</table></div>"


def _meter(meter: MeterLine) -> str:
    numbers = (meter.share, meter.device, meter.power, meter.coverage)
    cells = [_cell(meter.host), _cell(meter.device_name), _cell(meter.label)]
    cells += [_cell(number, "number") for number in numbers]
    return f"<tr>{''.join(cells)}{_cell(meter.basis, meter.basis_key)}{_cell(meter.method)}</tr>"


def _power(seen: View) -> Iterator[str]:
    if seen.power is None:
        return
    yield _title(seen.words.power_by_time, seen.power.of)
    yield f'<pre class="wide">{seen.power.bars}</pre>'
    yield f'<p class="dim">{escape(seen.power.scale)}</p>'


def _phases(seen: View) -> Iterator[str]:
    if not seen.phases:
        return
    yield _title(seen.words.phases, seen.ladder_basis)
    yield "<table>"
    for phase in seen.phases:
        energies = seen.words.comma.join(phase.energies)
        yield f"<tr>{_cell(phase.path)}{_cell(phase.duration, 'number')}{_cell(energies)}</tr>"
    yield "</table>"


def _sources(seen: View) -> Iterator[str]:
    said = seen.words
    if not seen.sources:
        return
    yield _title(said.sources)
    yield "<table>"
    yield _headings([said.item, said.value, said.source])
    yield from map(_source, seen.sources)
    yield "</table>"


def _source(line: SourceLine) -> str:
    value = " ".join(filter(None, (line.value, line.flag)))
    return f"<tr>{_cell(line.what)}{_cell(value)}{_cell(line.source)}</tr>"


def _end(seen: View) -> Iterator[str]:
    said = seen.words
    if seen.warnings:
        yield _title(said.warnings)
        yield f"<ul>{''.join(f'<li>{escape(warning)}</li>' for warning in seen.warnings)}</ul>"
    yield f'<p class="dim">{said.overhead}{said.colon}{escape(seen.overhead)}</p>'
    yield f"<p><strong>{said.next_step}{said.colon}</strong>{escape(seen.next_step)}</p>"


def _title(title: str, beside: str = "") -> str:
    return f"<h2>{title} <small>{escape(beside)}</small></h2>" if beside else f"<h2>{title}</h2>"


def _headings(headings: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<th>{escape(heading)}</th>' for heading in headings)}</tr>"


def _cell(text: str, kind: str = "") -> str:
    return f'<td class="{kind}">{escape(text)}</td>' if kind else f"<td>{escape(text)}</td>"


def _figures(figures: Sequence[Figure], seen: View) -> Iterator[str]:
    said = seen.words
    barred = any(figure.high_ratio for figure in figures)
    yield "<table>"
    yield _headings([said.item, said.value, said.interval, said.basis, *([""] if barred else [])])
    for figure in figures:
        cells = _cell(figure.label) + _cell(figure.amount, "number") + _cell(figure.interval, "number")
        basis = _cell(figure.basis, figure.basis_key) if figure.basis else "<td></td>"
        bar = f'<td class="bar">{_bar(figure)}</td>' if barred else ""
        yield f"<tr>{cells}{basis}{bar}</tr>"
    yield "</table>"


def _bar(figure: Figure) -> str:
    """The value as a bar, its interval as a line over it; empty where it is not known."""
    if not figure.high_ratio:
        return ""
    low, middle, high = (f"{100 * part:.1f}" for part in (figure.low_ratio, figure.middle_ratio, figure.high_ratio))
    return (
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect y="1" width="{middle}" height="8" fill="var(--bar)"/>'
        f'<line x1="{low}" x2="{high}" y1="5" y2="5" stroke="currentColor" stroke-width="1.2"/></svg>'
    )
