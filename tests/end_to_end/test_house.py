"""The rules of the house that no linter knows: names, start-up cost, locks, licences, sizes, what each folder says."""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from simulated.environ import unobserved
from simulated.names import BOUND, ENDS_IN_A_UNIT, numbers_of, public_modules
from simulated.repository import ROOT, tracked_files

PACKAGES = ("dcfoot", "dcfoot_probes", "dcfoot_scenarios")
SOURCES = ("dcfoot/dcfoot", "probes/dcfoot_probes", "scenarios/dcfoot_scenarios")
OUTER_FOLDERS = ("dcfoot", "probes", "scenarios", "tests", "notebooks", "docs", "benchmarks")
HEAVY = {"numpy", "pandas", "codecarbon"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

PURE_NUMBERS = {
    "pue": "a pure number of the field (ISO/IEC 30134-2)",
    "cop": "a pure number of the field",
    "erf": "a pure number of the field (ISO/IEC 30134-6)",
    "ere": "a pure number of the field (The Green Grid, white paper 29)",
    "unit": "what one count of a meter is, in the meter's own unit",
    # The unit stands in the name of what holds the value, or beside it.
    "value": "holder's unit",
    "p5": "holder's unit",
    "p95": "holder's unit",
    "central": "holder's unit",
    "floor": "holder's unit",
    "factor": "what a quantity is multiplied by",
    "z": "a quantile of the standard normal distribution",
    "slope": "watts over watts",
    "slope_error": "watts over watts",
    "gain_p5": "true over reported",
    "gain_p95": "true over reported",
    # A function of any quantity.
    "x": "argument of a function as mathematics knows it",
    "y": "argument of a function as mathematics knows it",
    "flow_exponent": "the power of a ratio",
    "pue_is_measured": "yes or no",
    "wue_is_measured": "yes or no",
    "signal": "a price or a grid factor, in its own unit: only its order counts",
    "event": "yes or no",
    "grid_peak": "yes or no",
    "a": "one of two values",
    "b": "one of two values",
    "low": "a bound of a value",
    "high": "a bound of a value",
    "values": "holder's unit",
    "promised": "unit of what is minimised",
    "months": "holder's unit",
    **dict.fromkeys(("one", "other"), "holder's unit"),
    "least": "holder's unit",
    "most": "holder's unit",
    **dict.fromkeys(("sizes", "sums"), "a row each, in units of their own"),
    # A recurrence of any quantity.
    **dict.fromkeys(("state", "start", "after"), "the recurrence's unit"),
    "correlation": "of ranks, -1 to 1",
    "switches_at_sd": "standard deviations",
    # A linear program: places in its matrix, and values whose unit is that of what they are of.
    **dict.fromkeys(
        ("row", "column", "entry", "rows", "columns", "starts", "entries", "statuses", "chosen", "size"),
        "places in a matrix",
    ),
    **dict.fromkeys(("balance", "charge", "pump_heat", "imported", "exported"), "places in a matrix, by the hour"),
    **dict.fromkeys(("row_duals", "excess", "scale", "per_unit", "whole", "found"), "the limit's unit"),
    "is_paid": "yes or no",
    "is_yielding": "yes or no",
    # Words and pictures.
    "times": "what a quantity is multiplied by",
    "rate": "one currency in another",
    "digits": "after the point",
    **dict.fromkeys(("left", "bottom", "height"), "units of a picture"),
    # Days of a typical year.
    **dict.fromkeys(("warmth", "moisture", "diurnal"), "in standard deviations"),
    "clearness": "an order of days",
    # Places in a file.
    "line": "a line's number",
    "place": "a field's number in its line",
    # The demo's network.
    **dict.fromkeys(("hidden", "hidden_bias", "output", "output_bias"), "weights"),
    "labels": "kinds of things",
    "amount": "unit of its kind",
    # Money: its currency stands beside it.
    **dict.fromkeys(
        (
            "cost",
            "capex",
            "extra_capex",
            "extra_cost",
            "net_present_cost",
            "net_present_value",
            "flows",
        ),
        "money",
    ),
    # Identities and counts of things that have a name.
    "pid": "a process",
    "user_id": "a user",
    "socket_mode": "permissions of a file",
    "port": "of a machine",
    "week": "of a year",
    "local_rank": "a process of a launch",
    "code": "a vendor's answer",
    "field": "a vendor's number for a quantity",
    "schema": "a version",
    "exit_status": "as a shell sees it",
    "status": "as a shell sees it",
    "signal_number": "as kill(1) lists it",
    "version": "of a schema",
    "rank": "a place in an order",
    "cpu_sockets": "things",
    "cpu_threads": "things",
    "width": "columns of a terminal, or units of a network",
    "newest": "runs",
    "draws": "of a distribution",
    "points": "of a line",
    "freedom": "degrees of freedom",
    "exponent": "of two",
    **dict.fromkeys(("channel", "number"), "what stands for a name in a table"),
    **dict.fromkeys(("slices", "compute_slices"), "parts of a device"),
}
"""Public numbers whose names end in no unit, and why that is right."""


def _modules_after(code: str) -> set[str]:
    """The top-level modules that `code` loads beyond those of a bare interpreter."""
    probe = f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", probe], env=unobserved(), capture_output=True, text=True, check=True, cwd=ROOT / "docs"
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()} if done.stdout.strip() else set()


def test_every_public_number_ends_in_its_unit() -> None:
    bare = [
        where
        for module in public_modules(*PACKAGES)
        for where, name in numbers_of(module)
        if not ENDS_IN_A_UNIT.search(name) and BOUND.sub("", name) not in PURE_NUMBERS
    ]
    assert bare == [], "give each the unit at its end, or explain it in PURE_NUMBERS"


def test_every_explained_pure_number_is_still_there() -> None:
    names = {BOUND.sub("", name) for module in public_modules(*PACKAGES) for _, name in numbers_of(module)}
    assert set(PURE_NUMBERS) - names == set()


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("power_w", True),
        ("g_per_kwh", True),
        ("energy_j", True),
        ("l_per_it_kwh", True),
        ("power", False),
        ("now", False),
    ],
)
def test_a_unit_is_told_from_a_word(name: str, ends: bool) -> None:
    assert bool(ENDS_IN_A_UNIT.search(name)) is ends


def test_import_dcfoot_loads_no_third_party_module() -> None:
    assert _modules_after("import dcfoot") - set(sys.stdlib_module_names) <= {"dcfoot"}


def test_import_dcfoot_costs_milliseconds_not_tenths_of_a_second() -> None:
    # The figure, on a quiet machine, is benchmarks/cost.py's: 10 ms are the aim.
    code = "from time import process_time as t\na = t()\nimport dcfoot\nprint(t() - a)"
    runs = [
        float(subprocess.run([sys.executable, "-c", code], env=unobserved(), capture_output=True, check=True).stdout)
        for _ in range(7)
    ]
    assert min(runs) < 0.05


def test_loading_every_probe_loads_none_of_the_heavy_packages() -> None:
    code = """
from dcfoot.probe import installed_probes
for entry in installed_probes():
    entry.load()
"""
    loaded = _modules_after(code)
    assert "dcfoot_probes" in loaded
    assert not loaded & HEAVY


def test_a_measured_run_loads_none_of_the_heavy_packages(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "dcfoot", "run", "--", "true"],
        env=unobserved(DCFOOT_DATA_DIR=str(tmp_path)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(re.findall(r"^import time:.*\| +(\w+)", done.stderr, re.MULTILINE))
    assert "dcfoot" in loaded
    assert not loaded & HEAVY


def test_every_module_stands_in_a_layer_of_the_import_contract() -> None:
    contract = PROJECT["tool"]["importlinter"]["contracts"][0]
    placed = set(re.findall(r"dcfoot\.(\w+)", " ".join(contract["layers"])))
    there = {
        path.stem if path.suffix == ".py" else path.name for path in (ROOT / SOURCES[0]).iterdir() if _is_module(path)
    }
    assert there - {"__init__", "data"} == placed


def _is_module(path: Path) -> bool:
    return path.suffix == ".py" or (path / "__init__.py").is_file()


@pytest.mark.parametrize("folder", OUTER_FOLDERS)
def test_each_outer_folder_says_what_lives_in_it(folder: str) -> None:
    assert (ROOT / folder / "README.md").is_file()


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    # Written in two halves, so that this file does not name them either.
    hosts = [first + second for first, second in [("pypi", ".org"), ("python", "hosted"), ("npm", "js.")]]
    places = ["/" + name + "/" for name in ("root", "work")] + ["file:" + "//"]
    texts = {path: path.read_bytes().decode(errors="ignore") for path in tracked_files()}
    found = [
        f"{path.relative_to(ROOT)}: {word}" for path, text in texts.items() for word in hosts + places if word in text
    ]
    assert found == []


def _locked(name: str) -> dict[str, list[str]]:
    """The versions that a lock pins, by package: more than one where they differ by Python."""
    versions: dict[str, list[str]] = {}
    for package, version in re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE):
        versions.setdefault(canonicalize_name(package), []).append(version)
    return versions


def _required() -> Iterator[tuple[str, Requirement]]:
    """Each direct requirement with the lock that must satisfy it."""
    groups = PROJECT["dependency-groups"]
    wanted = [("constraints.txt", [*PROJECT["project"]["dependencies"], *groups["build"]])]
    wanted += [("constraints-test.txt", groups["test"]), ("constraints-compiler.txt", groups["compiler"])]
    for lock, requirements in wanted:
        yield from ((lock, Requirement(text)) for text in requirements if isinstance(text, str))


@pytest.mark.parametrize(("lock", "requirement"), list(_required()), ids=str)
def test_the_lock_satisfies_what_is_required(lock: str, requirement: Requirement) -> None:
    versions = _locked(lock)[canonicalize_name(requirement.name)]
    assert all(requirement.specifier.contains(version) for version in versions)


@pytest.mark.parametrize("lock", ["constraints.txt", "constraints-test.txt", "constraints-compiler.txt"])
def test_a_lock_pins_each_package_by_hash_and_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all(re.search(r"^\S+==\S+.*\\\n +--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert not re.search(r"://|^-|@ ", text, re.MULTILINE)


def test_the_test_lock_agrees_with_the_lock_of_users() -> None:
    mine, users = _locked("constraints-test.txt"), _locked("constraints.txt")
    assert {name: mine.get(name) for name in users} == users


def test_no_dependency_asks_dcfoot_to_change_its_licence() -> None:
    strong = re.compile(r"(?<!L)(?<!Lesser )\bA?GPL|(?<!Lesser )General Public License|Affero", re.IGNORECASE)
    found = {name: licence for name in _locked("constraints.txt") if strong.search(licence := _licence(name))}
    assert found == {}


def _licence(name: str) -> str:
    """What an installed package says of its licence, in one line; empty where it is not installed here."""
    try:
        about = metadata(name).json
    except PackageNotFoundError:
        return ""
    named = str(about.get("license_expression") or about.get("license", "")).partition("\n")[0]
    return "; ".join([named, *(line for line in about.get("classifier", ()) if line.startswith("License"))])


def _functions() -> Iterator[tuple[str, int]]:
    """Each function of the three packages with the lines of its body, docstring left out."""
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
                    lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
                    yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines


def test_functions_and_modules_stay_small() -> None:
    functions = dict(_functions())
    longest = sorted(functions.items(), key=lambda item: -item[1])[:10]
    modules = [len(path.read_text().splitlines()) for source in SOURCES for path in (ROOT / source).rglob("*.py")]
    assert statistics.median(functions.values()) <= 8
    assert statistics.quantiles(functions.values(), n=20)[-1] < 35, longest
    assert statistics.median(modules) <= 150
    assert statistics.quantiles(modules, n=20)[-1] < 500
