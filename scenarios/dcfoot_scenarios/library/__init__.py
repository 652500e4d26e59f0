"""Studies that come with dcfoot: each is a file of its own, which runs offline."""

from pathlib import Path

from dcfoot.errors import ConfigError
from dcfoot.places import nearest

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


def _offer(name: str) -> str:
    return nearest(name, study_names()) or f" There are: {', '.join(study_names())}."
