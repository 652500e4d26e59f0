"""A study: a baseline, its variants, and what is asked of them.

In comes a ``study.yaml`` (or the same keys as a dict), out goes a frozen `Study`. A variant is the baseline with its
own keys in the place of the baseline's; what stands at the top of the file holds for all of them. All faults are told
at once, each with file, line, key and the nearest key that there is.
"""

import hashlib
import json
import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar, cast, get_args

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from dcfoot.config import load
from dcfoot.errors import DcfootError, StudyError
from dcfoot.places import nearest
from dcfoot_scenarios.named import climate_faults, planned_site
from dcfoot_scenarios.partners import lonely_keys
from dcfoot_scenarios.scenario import MEASURED, OF_THE_HALL, Amount, Keys, Money, Part, Ratio, Scenario, is_file, merged
from dcfoot_scenarios.sweep.keys import Sweep, sweep_faults, well_formed
from dcfoot_scenarios.yaml_file import Document, Place, read_yaml

BASELINE = "baseline"
VARIANTS = "variants"

NAMES_ZH = {BASELINE: "基准方案", "optimised": "优化方案"}
"""What scenarios are called in Chinese that a study does not name itself."""

_FOLD = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef“”])\s+(?=[\u3000-\u9fff\uff00-\uffef“”])")
"""Blanks that YAML folds lines with, between Chinese letters, which have none."""

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
"""What a study may be called: it names files."""

ModelT = TypeVar("ModelT", bound=BaseModel)


class ScenarioFault(StudyError):
    """What cannot be computed, told with the scenario that it is of."""


@contextmanager
def told_of(scenario: str) -> Generator[None]:
    """What cannot be computed is told with this scenario's name, unless it is told of one already.

    Raises
    ------
    ScenarioFault
        Something cannot be computed.
    """
    try:
        yield
    except ScenarioFault:
        raise
    except DcfootError as fault:
        raise ScenarioFault(f"{scenario}: {fault}") from fault


class Uncertainty(Part):
    """How often what is not known is drawn."""

    draws: Annotated[int, Field(ge=0, le=10_000)] = 200
    """0 for none."""
    seed: str | int = 1
    """The same seed gives the same draws, in every variant."""


class Range(Part):
    """How large something may be."""

    least: Amount = 0.0
    """What stands already, or must be built."""
    most: Amount | None = None
    """What there is room for; left out: no limit."""


class Optimise(Part):
    """What is to be sized, so that what is best; the answer stands beside the variants as ``optimised``."""

    of: tuple[str, ...] = (BASELINE,)
    """Which scenarios: of several, the best is taken."""
    minimise: Literal["cost", "carbon", "water"] = "cost"
    """What is to be least: cost a year, carbon (location-based, with what is built where the family is life-cycle), or
    water that is consumed, at the site and at the power stations."""
    method: Literal["exact", "quick"] = "exact"
    """The optimum, or a quick answer: sizes by steps of four hours, used by a rule in every hour."""
    solar_mw: Range | None = None
    """Its own solar plant; left out: as the scenario has it [MW]."""
    wind_mw: Range | None = None
    """Its own wind farm [MW]."""
    battery_mwh: Range | None = None
    """The battery's energy [MWh]."""
    battery_mw: Range | None = None
    """The battery's power, of both directions; of giving alone, where ``charge_mw`` is sized or stated [MW]."""
    charge_mw: Range | None = None
    """The power when it is charged, apart; one inverter serves both, as strong as the stronger [MW]."""
    heat_pump_mw: Range | None = None
    """The heat pump's heat, where heat is reused and the pump stands inside [MW]."""
    heat_store_mwh: Range | None = None
    """The tank of the heat network, likewise; it takes and gives a tenth of its size in an hour [MWh]."""
    cfe_contracted_ratio_min: Ratio | None = None
    """The part of the load that clean supply must meet by the hour [-]."""
    carbon_t_max: Amount | None = None
    """Carbon of a year [t]."""
    capex_max: Amount | None = None
    """Investment, hall and machines included."""
    cost_max: Amount | None = None
    """Cost of a year."""
    water_onsite_l_max: Amount | None = None
    """Water taken in on site in a year [L]."""
    pue_max: Annotated[float, Field(ge=1)] | None = None
    """PUE of the year [-]."""
    import_mw_max: Amount | None = None
    """The highest draw from the grid [MW]."""
    front: Literal["cfe_contracted_ratio_min", "carbon_t_max", "capex_max", "import_mw_max"] | None = None
    """A limit that is moved over ``front_values``, the optimum sought at each."""
    front_values: tuple[Amount, ...] = ()
    """The values that it takes, from loose to tight."""


class StudyKeys(Part):
    """The keys at the top of a file beside those of a scenario."""

    study: Annotated[str, Field(pattern=NAME, max_length=100)]
    """What it is called: letters, digits, ``-``, ``_``, ``.``."""
    title: str = ""
    """For people."""
    title_zh: str = ""
    """The same in Chinese."""
    description: str = ""
    """What it asks, and what it leaves out."""
    description_zh: str = ""
    """The same in Chinese."""
    names_zh: dict[str, str] = Field(default_factory=dict)
    """What its scenarios are called in Chinese: ``{baseline: 上海, west: 贵安}``."""
    money: Money | None = None
    """Prices; left out: no cost is computed."""
    uncertainty: Uncertainty = Uncertainty()
    """Draws."""
    optimise: Optimise | None = None
    """What is to be sized."""
    sweep: Sweep | None = None
    """A scenario at many points."""


@dataclass(frozen=True, slots=True)
class Study:
    """What a file asks.

    Parameters
    ----------
    keys : StudyKeys
        Its name, money and draws.
    scenarios : mapping of str to Scenario
        ``"baseline"`` first, then the variants, as in the file.
    hash : str
        SHA-256 of its meaning: the same for the same keys, whatever the order and the comments.
    path : Path or None
        Where it stands.
    """

    keys: StudyKeys
    scenarios: Mapping[str, Scenario]
    hash: str
    path: Path | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.keys.study

    def called(self, scenario: str, lang: str) -> str:
        """What a scenario is called in a language: its name, where the study has no other."""
        usual = NAMES_ZH.get(scenario, scenario)
        return self.keys.names_zh.get(scenario, usual) if lang == "zh" else scenario

    def told(self, lang: str) -> tuple[str, str]:
        """Its title and what it asks, in a language as far as it has them."""
        keys = self.keys
        title, asks = (keys.title_zh, keys.description_zh) if lang == "zh" else ("", "")
        return title or keys.title or self.name, _FOLD.sub("", asks or keys.description).strip()

    @property
    def currency(self) -> str:
        """What it counts in; empty where it counts no money."""
        return self.keys.money.currency if self.keys.money else ""

    @property
    def baseline(self) -> Scenario:
        """What the variants are compared with."""
        return self.scenarios[BASELINE]

    @classmethod
    def read(cls, path: Path | str) -> "Study":
        """A study of a file.

        Raises
        ------
        DataMissing
            There is no such file.
        StudyError
            It cannot be used; the message names every fault with file, line and key.
        """
        return _study(read_yaml(Path(path)), load().sites_file)

    @classmethod
    def of(cls, keys: Keys) -> "Study":
        """A study of the same keys in Python."""
        return _study(Document(Path("study"), keys, {}), load().sites_file)


def checked_name(name: str) -> str:
    """A name that a study may have.

    Raises
    ------
    StudyError
        It may not.
    """
    if not re.match(NAME, name):
        raise StudyError(f"A study's name has letters, digits, '-', '_' and '.', not {name!r}.")
    return name


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong with a key.

    Parameters
    ----------
    line : int
        Where it stands in the file.
    key : str
        The way to it: ``"variants.west.supply.solar_mw"``.
    said : str
        What is wrong.
    """

    line: int
    key: str
    said: str


class FaultyStudy(StudyError):
    """A study whose keys cannot be used.

    Parameters
    ----------
    path : Path
        Of the file.
    faults : sequence of Fault
        All of them.
    """

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(f"{path}:{one.line}: {one.key}: {one.said}" for one in faults))
        self.faults = faults


def _study(document: Document, sites_file: Path | None) -> Study:
    shared = {key: value for key, value in document.values.items() if key in Scenario.model_fields}
    faults: list[Fault] = []
    own = {key: value for key, value in document.values.items() if key not in {*shared, BASELINE, VARIANTS}}
    keys = _checked(StudyKeys, own, document, [()], faults, frozenset({*Scenario.model_fields, BASELINE, VARIANTS}))
    scenarios: dict[str, Scenario | None] = {}
    for name, bare, places in _scenario_keys(document, shared, faults):
        values = _with_own_sites(bare, sites_file)
        scenarios[name] = _checked(Scenario, values, document, places, faults, sites_file=sites_file)
        wrong = {(one.line, one.key) for one in faults}  # what a key cannot be is told, and not what it would need
        faults += [one for one in _found_before(values, document, places) if (one.line, one.key) not in wrong]
    faults += _unknown_of(scenarios, document)
    faults += _unknown_names(scenarios, document)
    faults += _sweep_faults(scenarios, document)
    if faults:
        raise FaultyStudy(document.path, sorted(set(faults)))
    assert keys is not None  # noqa: S101 - without a fault there are keys
    found = {name: scenario for name, scenario in scenarios.items() if scenario is not None}
    return Study(keys, found, _hash(keys, found), document.path)


def _with_own_sites(keys: Keys, sites_file: Path | None) -> Keys:
    """The keys of a scenario, with the file of the user's own sites where its site is one of them."""
    if sites_file is None or "sites_file" in keys:
        return keys
    from dcfoot.site_file import read_sites  # tomllib: only where there is a file

    return {**keys, "sites_file": str(sites_file.absolute())} if keys.get("site") in read_sites(sites_file) else keys


def _found_before(keys: Keys, document: Document, places: Sequence[Place]) -> Iterator[Fault]:
    """What a scenario's keys lack, beside what each of them says: told before a year is computed."""
    for loc, said in (*_unknown_climate(keys, document.path.parent), *lonely_keys(keys, _moved(document.values))):
        place = _where(document, places, loc)
        yield Fault(document.line(place), _dotted(place), said)


def _unknown_climate(keys: Keys, folder: Path) -> Iterator[tuple[Place, str]]:
    name, own = keys.get("site"), keys.get("sites_file")
    if isinstance(name, str) and "climate" not in keys and "weather" not in keys:
        with suppress(DcfootError):  # a site that is not known, which its own key says
            site = planned_site(name, folder / own if isinstance(own, str) else None)
            yield from ((("site",), said) for said in climate_faults(site))


def _moved(values: Keys) -> set[str]:
    """The keys that a sweep or an optimum gives values to."""
    swept, sized = (_inner(_inner(values, "sweep"), "over"), _inner(values, "optimise"))
    return {
        *swept,
        *(f"storage.{key}" for key in sized),
        *(["heat_reuse.store_mwh"] if "heat_store_mwh" in sized else []),
    }


def _inner(values: Keys, key: str) -> Keys:
    inner = values.get(key)
    return cast("Keys", inner) if isinstance(inner, dict) else {}


def _unknown_of(names: Iterable[str], document: Document) -> list[Fault]:
    """Scenarios that `optimise` names and the study has not."""
    of = _inner(document.values, "optimise").get("of")
    wanted = [name for name in cast("list[object]", of) if isinstance(name, str)] if isinstance(of, list) else []
    line, known = document.line(("optimise", "of")), list(names)
    return [
        Fault(line, "optimise.of", f"no scenario is called {name!r}.{nearest(name, known)}")
        for name in wanted
        if name not in known
    ]


def _unknown_names(names: Iterable[str], document: Document) -> Iterator[Fault]:
    """Scenarios that have a Chinese name and are not there."""
    known = [*names, "optimised"]
    for name in _inner(document.values, "names_zh"):
        if name not in known:
            place: Place = ("names_zh", name)
            yield Fault(document.line(place), _dotted(place), f"no scenario is called so.{nearest(name, known)}")


def _scenario_keys(
    document: Document, shared: Keys, faults: list[Fault]
) -> Iterator[tuple[str, Keys, Sequence[Place]]]:
    """The keys of each scenario, and where in the file they may stand, the nearest first."""
    baseline = _table(document, (BASELINE,), document.values.get(BASELINE), faults)
    yield BASELINE, merged(shared, baseline), [(BASELINE,), ()]
    variants = _table(document, (VARIANTS,), document.values.get(VARIANTS), faults)
    for name, values in variants.items():
        place: Place = (VARIANTS, name)
        if name == BASELINE:
            faults.append(Fault(document.line(place), f"variants.{name}", "the baseline stands beside the variants"))
        if re.search(r"[/\\\x00-\x1f]", name):
            faults.append(Fault(document.line(place), f"variants.{name}", "it names files, so it has no '/' in it"))
        changes = _table(document, place, values, faults)
        faults += _measured_elsewhere(merged(shared, baseline), changes, place, document)
        yield name, merged(merged(shared, baseline), changes), [place, (BASELINE,), ()]


def _measured_elsewhere(baseline: Keys, changes: Keys, place: Place, document: Document) -> Iterator[Fault]:
    """A variant with another hall or another place, that would inherit what was measured at the baseline's."""
    other = [key for key in OF_THE_HALL if key in changes and changes[key] != baseline.get(key)]
    for key in MEASURED if other else ():
        if baseline.get(key) is not None and key not in changes:
            where = (*place, other[0])
            said = (
                f"the baseline's {key} of {baseline[key]} was measured without this: state the variant's own, or "
                f"`{key}: null`, by which the model says it"
            )
            yield Fault(document.line(where), _dotted(where), said)


def _sweep_faults(scenarios: Mapping[str, Scenario | None], document: Document) -> Iterator[Fault]:
    sweep = well_formed(document.values.get("sweep"))
    for place, fault in sweep_faults(sweep, scenarios) if sweep else ():
        said = fault if isinstance(fault, str) else _said(Scenario, fault, ())
        yield Fault(document.line(place), _dotted(place), said)


def _table(document: Document, place: Place, value: object, faults: list[Fault]) -> Keys:
    if value is None or isinstance(value, dict):
        return cast("Keys", value or {})
    faults.append(Fault(document.line(place), _dotted(place), "must be keys with values"))
    return {}


def _checked(
    model: type[ModelT],
    values: Keys,
    document: Document,
    places: Sequence[Place],
    faults: list[Fault],
    also_known: frozenset[str] = frozenset(),
    sites_file: Path | None = None,
) -> ModelT | None:
    """The model of these keys; its faults where the keys stand in the file."""
    try:
        return model.model_validate(values, context={"folder": document.path.parent, "sites_file": sites_file})
    except ValidationError as fault:
        for one in fault.errors(include_url=False):
            place = _where(document, places, one["loc"])
            faults.append(Fault(document.line(place), _dotted(place), _said(model, one, also_known)))
        return None


def _where(document: Document, places: Sequence[Place], loc: Place) -> Place:
    """Where a scenario's key stands: in the variant, else in the baseline, else at the top; or where it is missing."""

    def depth(place: Place) -> int:
        return next((n for n in range(len(loc), 0, -1) if (*place, *loc[:n]) in document.lines), 0)

    place = max(places, key=depth)  # the first of several
    return (*place, *loc)


def _said(model: type[BaseModel], fault: ErrorDetails, also_known: Iterable[str]) -> str:
    kind, loc, given = fault["type"], fault["loc"], fault["input"]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        known = [*_keys_at(model, loc[:-1]), *(also_known if len(loc) == 1 else ())]
        return f"there is no such key.{nearest(str(loc[-1]), known)}"
    said = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{said[0].lower()}{said[1:]}" + (
        "" if isinstance(given, dict) or kind == "value_error" else f", not {given!r}"
    )


def _keys_at(model: type[BaseModel], loc: Place) -> list[str]:
    """The keys that a part may have."""
    for step in loc:
        if isinstance(step, str) and step in model.model_fields:
            model = _part_of(model.model_fields[step].annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _part_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_part_of, get_args(annotation))), None)


def _dotted(place: Place) -> str:
    return ".".join(str(step) for step in place) or "study"


def _hash(keys: StudyKeys, scenarios: Mapping[str, Scenario]) -> str:
    """Of all that the figures follow from; a file is what stands in it, wherever it lies."""
    meaning = {"study": keys.model_dump(), **{name: _named_files(one.model_dump()) for name, one in scenarios.items()}}
    return hashlib.sha256(json.dumps(meaning, sort_keys=True, default=_contents).encode()).hexdigest()


def _named_files(scenario: Keys) -> Keys:
    """A scenario's keys, in which a load's file is a file as any other."""
    load = scenario["load"]
    return {**scenario, "load": {**load, "profile": Path(load["profile"])}} if is_file(load["profile"]) else scenario


def _contents(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
