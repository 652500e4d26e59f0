"""Probes are found as the entry points of installed distributions, the same that importlib.metadata finds."""

import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

from dcfoot.probe import ENTRY_POINT_GROUP, Surroundings, installed_probes, with_readers
from simulated.third_party import install_meter


def distribution(folder: Path, name: str, entries: str) -> None:
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(entries)


def found_by_python(path: list[str]) -> list[str]:
    chosen = (one.entry_points.select(group=ENTRY_POINT_GROUP) for one in distributions(path=path))
    return sorted({entry.name for entries in chosen for entry in entries})


def test_the_probes_of_this_environment_are_those_that_python_itself_finds() -> None:
    probes = list(installed_probes())
    assert [probe.name for probe in probes] == found_by_python(sys.path)
    assert "rapl" in [probe.name for probe in probes]
    assert all(callable(probe.load()) for probe in probes)


ENTRIES = """
[console_scripts]
dcfoot.probes = not:this

[dcfoot.probes]
# a remark = not:this
plain = a.module:Class
extra = a.module:Outer.inner [some-extra]
  spaced   =   a.module:f

[other]
not = this:one
"""


def test_every_form_that_the_specification_allows_is_read(tmp_path: Path) -> None:
    distribution(tmp_path, "one", ENTRIES)
    distribution(tmp_path, "none", "[console_scripts]\nx = y:z\n")
    (tmp_path / "empty-1.0.dist-info").mkdir()
    path = [str(tmp_path), str(tmp_path / "no-such-folder")]
    assert [probe.name for probe in installed_probes(path)] == ["extra", "plain", "spaced"]
    assert found_by_python(path) == ["extra", "plain", "spaced"]


def test_of_one_name_the_first_on_the_path_counts(tmp_path: Path) -> None:
    for name in ("first", "second"):
        distribution(tmp_path / name, name, f"[dcfoot.probes]\nmeter = {name}_missing:Meter\n")
    (probe,) = installed_probes([str(tmp_path / "first"), str(tmp_path / "second")])
    with pytest.raises(ModuleNotFoundError, match="first_missing"):
        probe.load()


def test_distributions_in_an_archive_are_found_too(tmp_path: Path) -> None:
    install_meter(tmp_path / "plain")
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in (tmp_path / "plain").rglob("*.*"):
            if file.is_file():
                packed.write(file, file.relative_to(tmp_path / "plain"))
    assert [probe.name for probe in installed_probes([str(archive)])] == ["steady"]


def test_each_exporter_is_a_probe_that_is_called_by_its_place_and_without_any_there_is_none() -> None:
    entries = [entry for entry in installed_probes() if entry.name in {"rapl", "reader"}]
    addresses = ["http://127.0.0.1:9400/metrics", "https://gpu-9/all#gpu-9"]
    read = with_readers(entries, addresses)
    assert [one.name for one in read] == ["rapl", "reader@127.0.0.1:9400", "reader@gpu-9/all#gpu-9"]
    assert {one.load()(Surroundings()).name for one in read} == {"rapl", "reader"}
    assert [one.name for one in with_readers(entries, [])] == ["rapl"]
