"""What the page begins with: its controls and words, the sites, the cooling systems, and where to start from.

All of it is data: the tables ``studio_*.csv`` and those of `dcfoot`; the page draws what it gets.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import get_args

from dcfoot.cooling.catalogue import SYSTEMS
from dcfoot.cooling.parameters import Size
from dcfoot.facility_library import used_parameters
from dcfoot.places import Place, all_places
from dcfoot.site import resolve_site
from dcfoot.tables import Row
from dcfoot.tables import rows as shared_rows
from dcfoot_scenarios.document import Json
from dcfoot_scenarios.input_words import CHINESE, site_called
from dcfoot_scenarios.library import study_names, study_path
from dcfoot_scenarios.page_words import WORDS
from dcfoot_scenarios.study import Study
from dcfoot_scenarios.tables import rows
from dcfoot_scenarios.words import CHINESE_UNITS, words

FACILITY = "facility/"
"""What the keys of controls begin with that are numbers of the facility."""

SHARED = ("clean", "battery", "from_grid", "generation", "hours_of_year", "interval", "never_added")
"""Words of `PageWords` that this page says too."""


def begin(study: Study, lang: str) -> Json:
    """What the page begins with.

    Parameters
    ----------
    study : Study
        What it shows first.
    lang : str
        ``"en"`` or ``"zh"``.
    """
    shipped = [Study.read(study_path(name)) for name in study_names()]
    return {
        "lang": lang,
        "words": dict(_words()),
        "units_zh": CHINESE_UNITS,
        "figures": [asdict(word) for word in words().values()],
        "controls": [dict(_control(row)) for row in rows("studio_controls")],
        "choices": {**_choices(), "site": list(_sites())},
        "cooling": {name: _cooling(name) for name in SYSTEMS},
        "studies": [_study(one) for one in (study, *(one for one in shipped if one.hash != study.hash))],
    }


def _words() -> Iterator[tuple[str, Json]]:
    """What the page says, by language; what a study's page says too is said by its words."""
    for row in rows("studio_words"):
        yield row["name"], {lang: row[lang] for lang in WORDS}
    for name in SHARED:
        yield name, {lang: getattr(said, name) for lang, said in WORDS.items()}
    for group in WORDS["en"].groups:
        yield f"group-{group}", {lang: said.groups[group] for lang, said in WORDS.items()}
    for boundary in WORDS["en"].boundaries:
        yield f"boundary-{boundary}", {lang: said.boundaries[boundary] for lang, said in WORDS.items()}


def _control(row: Row) -> Iterator[tuple[str, object]]:
    for name, value in row.items():
        is_number = name in {"least", "most", "most_per_it_mw", "step"}
        yield name, (float(value) if value else None) if is_number else value
    yield "replaces", row["replaces"].split()


def _choices() -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for row in rows("studio_choices"):
        found.setdefault(row["key"], []).append(_choice(row["value"], row["label"], row["label_zh"]))
    return found


def _choice(value: str, label: str, label_zh: str, **others: str) -> Json:
    return {"value": value, "label": label, "label_zh": label_zh, **others}


def _sites() -> Iterator[Json]:
    """The places whose climate is known, by country."""
    countries = {place.zone: place for place in all_places() if place.level == "country"}
    found = [(countries[resolve_site(row["id"]).country or ""], row["id"]) for row in shared_rows("climate_places")]
    for country, name in sorted(found, key=lambda one: one[0].name):
        called = {"label": site_called(name, "en"), "label_zh": site_called(name, "zh")}
        yield _choice(name, **called, group=country.name, group_zh=_chinese(country))


def _chinese(place: Place) -> str:
    return next(filter(CHINESE.match, place.spellings), place.name)


def _cooling(name: str) -> Json:
    """How it can give off heat, and which of its numbers the page moves, with their usual value by size."""
    moved = [row["key"].removeprefix(FACILITY) for row in rows("studio_controls") if row["key"].startswith(FACILITY)]
    sizes = {size: used_parameters(name, size) for size in get_args(Size)}
    return {
        "rejections": SYSTEMS[name].rejections,
        "numbers": {
            f"{FACILITY}{number}": {size: known[number].central for size, known in sizes.items()}
            for number in moved
            if all(number in known for known in sizes.values())
        },
    }


def _study(study: Study) -> Json:
    """A study as the page holds it: plain keys, each scenario in full."""
    keys = study.keys.model_dump(
        mode="json", exclude_unset=True, exclude={"uncertainty", "optimise", "sweep", "names_zh"}
    )
    scenarios = {
        name: scenario.model_dump(mode="json", exclude_unset=True) for name, scenario in study.scenarios.items()
    }
    called = {name: {lang: study.called(name, lang) for lang in WORDS} for name in scenarios}
    return {"keys": keys, "scenarios": scenarios, "called": called}
