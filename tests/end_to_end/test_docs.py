"""The pages say everything that the program offers: options, settings, variables, meters, rooms, keys of the receipt.

What there is comes from the program, what is said comes from the pages; neither list is kept by hand.
"""

import argparse
import ast
import json
import re
import subprocess
from collections.abc import Iterator
from importlib import import_module, metadata, resources
from pathlib import Path
from typing import cast

import pytest

import dcfoot
from dcfoot import config, daemon_settings
from dcfoot.cli import COMMANDS
from dcfoot.probe import ENTRY_POINT_GROUP
from dcfoot.reading import Domain
from dcfoot.tables import rows
from simulated.environ import unobserved
from simulated.repository import ROOT, installed_program

SOURCES = ("dcfoot/dcfoot", "probes/dcfoot_probes", "scenarios/dcfoot_scenarios")
DOCS = ROOT / "docs"
PAGES = sorted({*ROOT.glob("*.md"), *DOCS.glob("*.md"), *ROOT.glob("*/README.md")})
SETTINGS = [*config.keys(), *daemon_settings.keys()]
VARIABLE = re.compile(r"DCFOOT_[A-Z]+(?:_[A-Z]+)*")


def page(name: str) -> str:
    return (ROOT / name).read_text()


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of its rank."""
    rank = heading.partition(" ")[0]
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"no heading {heading}"
    return re.split(rf"^{rank} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Every option of a command and of its actions, but for --help."""
    for action in parser._actions:  # pyright: ignore[reportPrivateUsage] (argparse has no other way to list them)
        yield from (option for option in action.option_strings if option.startswith("--") and option != "--help")
        choices: object = action.choices
        below = cast("dict[str, argparse.ArgumentParser]", choices) if isinstance(choices, dict) else {}
        for deeper in below.values():
            yield from options_of(deeper)


def constants() -> Iterator[tuple[Path, str]]:
    """Every string of the three packages, whole."""
    for path in (path for source in SOURCES for path in sorted((ROOT / source).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path, node.value


def variables_read() -> set[str]:
    """Every variable of the environment that the program knows."""
    named = {text for _, text in constants() if VARIABLE.fullmatch(text)}
    return named | {config.variable(key) for key in SETTINGS}


def methods() -> set[str]:
    """Every name by which a meter says how it reads: a word, a dot, a word, that names no file."""
    dotted = re.compile(r"[a-z]+\.[a-z][a-z0-9_]+")
    probes = ROOT / "probes/dcfoot_probes"
    meters = {path for path, _ in constants() if path.is_relative_to(probes)}
    meters = {path for path in meters if not {"daemon", "exporters"} & set(path.parts)}
    named = {text for path, text in constants() if path in meters and dotted.fullmatch(text)}
    return {name for name in named if not any(probes.rglob(name))}


def keys_of(schema: object) -> set[str]:
    """Every key that a JSON Schema gives a property."""
    if isinstance(schema, list):
        return {key for item in cast("list[object]", schema) for key in keys_of(item)}
    if not isinstance(schema, dict):
        return set()
    known = cast("dict[str, object]", schema)
    own = cast("dict[str, object]", known.get("properties", {}))
    return {*own, *(key for value in known.values() for key in keys_of(value))}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_stands_in_its_section(command: str) -> None:
    parser = argparse.ArgumentParser()
    import_module(f"dcfoot.cli.{command}").configure(parser)
    said = section(page("docs/commands.md"), f"## `dcfoot {command}`")
    assert [option for option in options_of(parser) if f"`{option}" not in said] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_no_section_names_an_option_that_its_command_lacks(command: str) -> None:
    parser = argparse.ArgumentParser()
    import_module(f"dcfoot.cli.{command}").configure(parser)
    named = re.findall(r"^\| `(--[a-z-]+)", section(page("docs/commands.md"), f"## `dcfoot {command}`"), re.MULTILINE)
    assert set(named) - set(options_of(parser)) == set()


@pytest.mark.parametrize("key", SETTINGS)
def test_every_setting_stands_in_the_table_beside_its_variable(key: str) -> None:
    assert re.search(rf"^\| `{key}` \| `{config.variable(key)}` \|", page("docs/configuration.md"), re.MULTILINE)


def test_every_variable_of_the_environment_is_explained() -> None:
    said = page("docs/configuration.md")
    assert {name for name in variables_read() if f"`{name}`" not in said} == set()


def test_no_page_names_a_variable_that_the_program_does_not_read() -> None:
    in_tests = {name for path in (ROOT / "tests").rglob("*.py") for name in VARIABLE.findall(path.read_text())}
    named = {name for path in PAGES for name in VARIABLE.findall(path.read_text())}
    assert named - variables_read() - in_tests == set()


def test_every_method_of_a_meter_is_explained() -> None:
    assert len(methods()) > 10
    said = page("docs/meters.md")
    assert {name for name in methods() if f"`{name}`" not in said} == set()


def test_every_probe_that_is_installed_with_dcfoot_is_explained() -> None:
    own = metadata.distribution("dcfoot").entry_points.select(group=ENTRY_POINT_GROUP)
    said = page("docs/meters.md")
    assert [entry.name for entry in own if f"`{entry.name}`" not in said] == []


def test_every_key_of_the_receipt_is_explained() -> None:
    schema = json.loads(resources.files("dcfoot.receipt").joinpath("schema.json").read_text())
    said = page("docs/receipt.md")
    assert {key for key in keys_of(schema) if not re.search(rf"`{key}`", said)} == set()


def test_every_domain_and_node_class_is_explained() -> None:
    named = {*map(str, Domain), *(row["node_class"] for row in rows("node_classes"))}
    said = page("docs/meters.md")
    assert {name for name in named if f"`{name}`" not in said} == set()


def test_every_public_name_is_explained() -> None:
    said = page("docs/python.md")
    assert [name for name in dcfoot.__all__ if f"`dcfoot.{name}" not in said] == []


@pytest.mark.parametrize("source", SOURCES)
def test_the_readme_of_an_outer_folder_names_every_room(source: str) -> None:
    outer = source.partition("/")[0]
    rooms = [path for path in (ROOT / source).iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
    said = page(f"{outer}/README.md")
    assert [room.stem for room in rooms if not room.stem.startswith("__") and f"`{room.stem}`" not in said] == []


def test_every_page_is_in_the_index() -> None:
    said = page("docs/README.md")
    assert [path.name for path in DOCS.glob("*.md") if path.name != "README.md" and f"({path.name})" not in said] == []


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_test_command_of_the_readme_is_that_of_ci(readme: str) -> None:
    command = page(".ci/run").rstrip().rpartition("\n")[2].removeprefix("exec ")
    assert re.search(rf"^\$ {re.escape(command)}(?: *#.*)?$", page(readme), re.MULTILINE)


def test_the_changelog_tells_of_this_version() -> None:
    assert re.search(rf"^## {re.escape(dcfoot.__version__)}\b", page("CHANGELOG.md"), re.MULTILINE)


def labels(receipt: str) -> list[str]:
    """What stands before the figures of the ladder, of carbon, and of water and hardware."""
    figures, _, _ = receipt.partition("\nThat is about")
    lines = (line for line in figures.splitlines() if re.search(r" \N{EN DASH} |  not known$", line))
    return [re.split(r"\s{2,}", line.strip())[0] for line in lines if "%" not in line]


def test_the_receipt_of_the_readme_is_how_receipts_look() -> None:
    shown = section(page("README.md"), "## A receipt")
    command, _, printed = shown.partition("```text")
    words = command.partition("$ dcfoot ")[2].splitlines()[0].split()
    done = subprocess.run(
        [installed_program("dcfoot"), *words, "--epochs", "1"],
        env=unobserved(PATH=f"{installed_program('python').parent}:/usr/bin:/bin"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(labels(printed)) == 10
    assert labels(printed) == labels(done.stderr)


def anchors(text: str) -> set[str]:
    """What the headings of a page are called in links: small letters, hyphens for blanks, no other signs."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_section_finds_it(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", path.read_text())
    lost = [
        f"{name}#{anchor}"
        for name, anchor in links
        if anchor not in anchors((path.parent / name if name else path).read_text())
    ]
    assert lost == []
