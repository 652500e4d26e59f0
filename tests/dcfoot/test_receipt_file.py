"""A receipt's file: whole or not at all, and refused with a reason before the job has cost anything."""

import json
import os
from pathlib import Path

import pytest

from dcfoot.errors import ConfigError
from dcfoot.receipt.file import ReceiptFile
from simulated.receipts import gpu_node
from simulated.trees import as_nobody, folder_for_all


def test_a_file_is_made_and_one_that_is_there_is_replaced_with_its_mode_and_its_link(tmp_path: Path) -> None:
    there, link = tmp_path / "there.json", tmp_path / "link.json"
    there.write_text("of yesterday, and longer than a receipt" * 1000)
    there.chmod(0o640)
    link.symlink_to(there)
    for path in (tmp_path / "new.json", link):
        ReceiptFile(path).write(gpu_node())
        assert json.loads(path.read_text())["schema"] == "dcfoot.receipt/1"
    assert link.is_symlink()
    assert there.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.json", "new.json", "there.json"]  # noqa: PTH208 (hidden ones too)


def test_judging_it_touches_nothing(tmp_path: Path) -> None:
    there = tmp_path / "there.json"
    there.write_text("of yesterday")
    ReceiptFile(there)
    ReceiptFile(tmp_path / "new.json")
    assert [path.name for path in tmp_path.iterdir()] == ["there.json"]
    assert there.read_text() == "of yesterday"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        (".", "it is a folder"),
        ("no/such/receipt.json", "there is no such folder"),
        ("file/receipt.json", "Not a directory"),
        ("x" * 300, "File name too long"),
        ("null\0byte", "null"),
    ],
)
def test_one_that_cannot_be_written_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=reason):
        ReceiptFile(name)


def test_one_without_permission_is_refused() -> None:
    with folder_for_all() as folder:
        folder.chmod(0o555)
        with as_nobody(), pytest.raises(ConfigError, match="Permission denied"):
            ReceiptFile(folder / "receipt.json")


def test_a_disk_that_is_full_leaves_what_stood_there(tmp_path: Path) -> None:
    # As a full disk does, a limit on file sizes fails a write in its middle (setrlimit(2)).
    import resource
    import signal

    there = tmp_path / "there.json"
    there.write_text("of yesterday")
    file = ReceiptFile(there)
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(ConfigError, match="File too large"):
            file.write(gpu_node())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert [path.name for path in tmp_path.iterdir()] == ["there.json"]
    assert there.read_text() == "of yesterday"
