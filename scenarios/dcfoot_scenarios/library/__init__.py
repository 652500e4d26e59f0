"""Studies that come with dcfoot: each is a file of its own, which runs offline."""

from dataclasses import replace
from pathlib import Path

from dcfoot.errors import ConfigError
from dcfoot.places import nearest
from dcfoot_scenarios.study import Study

FOLDER = Path(__file__).parent

EXAMPLE = "example"
"""The study that `dcfoot plan --new` writes: every key, with comments."""


def study_names() -> list[str]:
    """What there is, but for the example."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != EXAMPLE)


def study_path(name: str) -> Path:
    """The file of a shipped study.

    Raises
    ------
    ConfigError
        There is none of this name; the nearest is offered.
    """
    if name not in study_names():
        raise ConfigError(f"There is no file {name}, and no study of that name comes with dcfoot.{_offer(name)}")
    return FOLDER / f"{name}.yaml"


def find_study(name: str, draws: int | None = None) -> Study:
    """A study by its file or its name.

    Parameters
    ----------
    name : str
        A file, or one of `study_names`.
    draws : int or None
        How often what is not known is drawn, in the place of the study's own number.

    Raises
    ------
    StudyError, ConfigError, DataMissing
        There is none, or it cannot be used.
    """
    is_file = name.endswith((".yaml", ".yml")) or Path(name).exists()
    study = Study.read(name if is_file else study_path(name))
    if draws is None:
        return study
    if draws < 0:
        raise ConfigError(f"--draws {draws}: it must be 0 or more.")
    uncertainty = study.keys.uncertainty.model_copy(update={"draws": draws})
    return replace(study, keys=study.keys.model_copy(update={"uncertainty": uncertainty}))


def _offer(name: str) -> str:
    beside = next((one for one in (f"{name}.yaml", f"{name}.yml") if Path(one).is_file()), None)
    if beside is not None:
        return f" Did you mean {beside}?"
    return nearest(name, study_names()) or f" There are: {', '.join(study_names())}."
