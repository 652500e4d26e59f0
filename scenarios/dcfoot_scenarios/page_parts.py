"""What the pages of a study and of a sweep are made of: the frame, rows, pictures, evidence."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from dcfoot.evidence import Evidence
from dcfoot_scenarios.document import versions
from dcfoot_scenarios.evaluate import Outcome
from dcfoot_scenarios.evidence_words import evidence_called, evidence_source, evidence_value
from dcfoot_scenarios.page_words import PageWords
from dcfoot_scenarios.pictures import Picture, as_svg

STYLE = """
:root { color-scheme: light dark; --edge: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin: 0; font-size: 1.7rem; } h2 { margin: 2.2rem 0 .5rem; font-size: 1.2rem; } h3 { margin: 1rem 0 .2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid var(--edge); vertical-align: top; }
th { font-weight: 600; } th[scope=row] { font-weight: 400; }
td.number, th.number { text-align: right; } td.number, td.short { white-space: nowrap; }
table.narrow { width: auto; min-width: 24rem; }
.wide th[scope=row] { position: sticky; left: 0; background: Canvas; min-width: 8rem; }
tr.group th { background: var(--soft); } small, .dim { opacity: .7; } .wide { overflow-x: auto; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(32rem, 100%), 1fr)); gap: 1rem; }
.pictures { align-items: start; } .prose { max-width: 60rem; }
code { font-size: .85em; } figure { margin: 0; background: #fff; color: #000; padding: .5rem; border-radius: .3rem; }
figure svg { width: 100%; height: auto; } figcaption { font-size: .9rem; font-weight: 600; margin: 0 0 .3rem; }
details { margin: .5rem 0; } summary { cursor: pointer; }
@media print { body { margin: 0; font-size: 11px; max-width: none; } h2, tr, figure { break-inside: avoid; } }
"""


def whole(title: str, asks: str, body: Iterable[str], said: PageWords) -> str:
    """A page that needs nothing beside itself.

    Parameters
    ----------
    title, asks : str
        What it is of, and what that asks.
    body : iterable of str
        Its parts, as HTML.
    said : PageWords
        In whose language it is.
    """
    lines = "\n".join(body)
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if said.lang == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f'<p class="prose">{escape(asks)}</p>\n'
        f"{lines}\n</body>\n</html>\n"
    )


def row(cells: Sequence[str], unit: str = "", *, head: bool = False) -> str:
    """A row whose first cell is text with its unit, and the others numbers; a second line stands small."""
    first, *others = cells
    about = f'<th scope="row">{escape(first)} <small>{escape(unit)}</small></th>'
    return "".join(["<tr>", about, *(_number(cell, "th" if head else "td") for cell in others), "</tr>"])


def _number(cell: str, tag: str) -> str:
    first, _, second = cell.partition("\n")
    small = f"<br><small>{escape(second)}</small>" if second else ""
    return f'<{tag} class="number">{escape(first)}{small}</{tag}>'


def side_by_side(those: Iterable[Picture]) -> Iterator[str]:
    """Pictures with their captions, two in a row where there is room."""
    yield '<div class="pictures">'
    for one in those:
        caption = f"<figcaption>{escape(one.caption)}</figcaption>"
        yield f'<figure id="{escape(one.name)}">{caption}{as_svg(one.figure)}</figure>'
    yield "</div>"


def carbon_family(outcome: Outcome, said: PageWords) -> str:
    """In which family of factors carbon is counted."""
    grid = outcome.case.grid[0]
    return said.carbon_family.format(gas=grid.gas, boundary=said.boundaries[grid.boundary])


def made_by(made: str, **about: object) -> str:
    """With what it was made: the versions of programs, and what else `made` names."""
    programs = ", ".join(f"{name} {version}" for name, version in versions())
    return f'<p class="dim">{escape(made.format(versions=programs, **about))}</p>'


def evidence_table(lines: Sequence[Evidence], said: PageWords) -> Iterator[str]:
    """What stands behind all figures, folded."""
    yield f'<h2>{said.evidence}</h2>\n<details><summary>{len(lines)}</summary>\n<div class="wide"><table>'
    heads = (said.what, said.value, said.year, said.source, said.checked)
    yield "".join(["<tr>", *(f"<th>{head}</th>" for head in heads), "</tr>"])
    yield from (_evidence_row(line, said) for line in lines)
    yield "</table></div></details>"


def _evidence_row(line: Evidence, said: PageWords) -> str:
    checked = said.verified if line.verified else said.unverified
    cells = (
        (evidence_called(line, said.lang), ""),
        (evidence_value(line, said.lang), "short"),
        (str(line.year or ""), ""),
        (evidence_source(line, said.lang), ""),
        (checked, "short"),
    )
    return "".join(["<tr>", *(f'<td class="{kind}">{escape(cell)}</td>' for cell, kind in cells), "</tr>"])
