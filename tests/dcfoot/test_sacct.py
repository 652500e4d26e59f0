"""What Slurm counted beside what was measured: a program in the place of sacct prints what the real one does."""

from dataclasses import replace
from pathlib import Path

import pytest

from dcfoot.reading import Domain
from dcfoot.sacct import cross_check
from simulated.machines import SERVER, an_hour, metered
from simulated.trees import write

# As `sacct -X -n -P -o JobIDRaw,ConsumedEnergyRaw,AllocNodes,AllocCPUS` prints it; the server has 128 threads.
TEXT = """6|120000|1|128
7|1000000|1|128
8|0|1|128
9|5000|2|256
10|90000|1|8
11||1|128
12|4294967294|1|128
"""


@pytest.fixture(autouse=True)
def sacct(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = write(tmp_path / "bin/sacct", f"#!/bin/sh\ncat <<END\n{TEXT}END")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    return program


def line_of(job: str) -> str | None:
    """Of a job that took 280 W of packages and memory for an hour: 1,008,000 J."""
    channels = (metered(Domain.PACKAGE, 250.0, share=0.5), metered(Domain.DRAM, 30.0), metered(Domain.NODE, 400.0))
    return cross_check(replace(an_hour(*channels, machine=SERVER), job=job))


def test_a_job_that_had_its_node_alone_is_compared_with_all_that_its_chips_took() -> None:
    line = line_of("slurm-7")
    assert line is not None
    assert line.endswith("the meters of chips saw 1008000 J here (+0.8%)")


@pytest.mark.parametrize(("job", "why"), [("slurm-9", "on 2 nodes; 1"), ("slurm-10", "of nodes that it shared")])
def test_what_cannot_be_compared_says_why(job: str, why: str) -> None:
    line = line_of(job)
    assert line is not None
    assert why in line
    assert "cannot be compared" in line


@pytest.mark.parametrize("job", ["slurm-8", "slurm-11", "slurm-12", "slurm-99", "pbs-7", "slurm-7; rm -rf /", ""])
def test_where_slurm_counted_nothing_nothing_is_said(job: str) -> None:
    assert line_of(job) is None


@pytest.mark.parametrize("program", ["#!/bin/sh\nexit 1", "#!/nonexistent", "#!/bin/sh\nprintf '7|x'"])
def test_a_sacct_that_fails_is_silent(sacct: Path, program: str) -> None:
    sacct.write_text(program)
    assert line_of("slurm-7") is None


def test_without_sacct_nothing_is_said(sacct: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sacct.unlink()
    monkeypatch.setenv("PATH", str(sacct.parent))
    assert line_of("slurm-7") is None
