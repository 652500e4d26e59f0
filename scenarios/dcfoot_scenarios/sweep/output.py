"""The pages of a sweep beside its parts, in each language; matplotlib, the extra ``report``, draws their pictures."""

from pathlib import Path

from dcfoot.errors import StudyError
from dcfoot_scenarios.output import has_pictures
from dcfoot_scenarios.page_words import WORDS
from dcfoot_scenarios.sweep.run import Swept


def write_pages(swept: Swept) -> list[Path]:
    """Writes the pages into the folder of a sweep, each whole; none without matplotlib, nor where nothing is written.

    Parameters
    ----------
    swept : Swept
        All of its points, or as far as they came.

    Raises
    ------
    StudyError
        The folder cannot be written.
    """
    if swept.folder is None or not has_pictures():
        return []
    from dcfoot_scenarios.sweep.page import render  # only where matplotlib is

    folder = swept.folder.parent
    try:
        return [_written(folder / f"page_{lang}.html", render(swept, lang)) for lang in WORDS]
    except OSError as fault:
        raise StudyError(f"{fault.filename or folder}: {fault.strerror or fault}; choose another --out.") from None


def _written(path: Path, text: str) -> Path:
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    return draft.replace(path)
