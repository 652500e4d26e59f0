"""What the README and the docs show is run: each page in an empty folder, its blocks in order.

``python`` blocks are run as a program, each line of a ``console`` block that starts with ``$`` by bash; both must
succeed. ``json`` and ``toml`` blocks must parse. An HTML comment right before a block changes that:
``<!-- file: NAME -->`` writes the block to a file, for the next blocks to use; ``<!-- output -->`` says that the block
is exactly what the one before it printed; ``<!-- not run: REASON -->`` leaves it.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulated.environ import unobserved
from simulated.repository import ROOT

BLOCK = re.compile(
    r"^(?:<!-- (?P<order>[^\n]+?) -->\n+)?```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")})


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    line: int
    order: str
    language: str
    code: str


def blocks_of(text: str) -> Iterator[Block]:
    """Every fenced block in order."""
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Block(line, match["order"] or "", match["language"], match["code"])


def _bash(code: str, folder: Path) -> str:
    environ = unobserved(
        PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        HOME=str(folder),
        DCFOOT_DATA_DIR=str(folder / "dcfoot-data"),
        PYTHONPATH=str(folder),
    )
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{code}\n{done.stdout}"
    return done.stdout


def _run_console(code: str, folder: Path) -> str:
    """Runs the commands; a line that ends in a backslash goes on, and lines without ``$`` are what was printed."""
    commands = re.findall(r"^\$ ((?:.*\\\n)*.*)$", code, re.MULTILINE)
    assert commands, "a console block without a command"
    return "".join(_bash(command, folder) for command in commands)


def _run_python(code: str, folder: Path) -> str:
    (folder / "block.py").write_text(code)
    return _bash("python block.py", folder)


RUNNERS: dict[str, Callable[[str, Path], object]] = {
    "console": _run_console,
    "python": _run_python,
    "json": lambda code, _: json.loads(code),
    "toml": lambda code, _: tomllib.loads(code),
}


def run_page(text: str, folder: Path) -> None:
    """Runs every block of a page in `folder`; raises with the line of the one that fails."""
    printed: object = None
    for block in blocks_of(text):
        if block.order.startswith("not run: "):
            continue
        if block.order == "output":
            assert block.code == printed, f"the block at line {block.line} is not what was printed: {printed}"
        if block.order.startswith("file: "):
            path = folder / block.order.removeprefix("file: ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code)
        elif block.language in RUNNERS:
            try:
                printed = RUNNERS[block.language](block.code, folder)
            except (AssertionError, ValueError) as fault:
                raise AssertionError(f"the block at line {block.line}: {fault}") from fault


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_the_page_shows_works(page: Path, tmp_path: Path) -> None:
    run_page(page.read_text(), tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_fenced_block_is_seen_by_this_test() -> None:
    for page in PAGES:
        text = page.read_text()
        assert len(list(blocks_of(text))) * 2 == len(re.findall(r"^\s*```", text, re.MULTILINE)), page


def test_a_block_that_fails_fails_its_page(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="line 3"):
        run_page("Words.\n\n```console\n$ false\n```\n", tmp_path)


def test_an_output_that_was_not_printed_fails_its_page(tmp_path: Path) -> None:
    page = "```python\nprint(6 * 7)\n```\n\n<!-- output -->\n```text\n{}\n```\n"
    run_page(page.format(42), tmp_path)
    with pytest.raises(AssertionError, match="line 5"):
        run_page(page.format(43), tmp_path)


def test_a_block_can_be_a_file_for_the_next_one(tmp_path: Path) -> None:
    run_page(
        "<!-- file: a/b.txt -->\n```text\nhello\n```\n\n```console\n$ grep hello \\\n  a/b.txt\nhello\n```\n", tmp_path
    )
