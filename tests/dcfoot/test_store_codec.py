"""What is kept of a run is all of it: codec, lines and migrations."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.errors import StoreError
from dcfoot.measurement import Measurement
from dcfoot.store.codec import from_json, to_json
from dcfoot.store.lines import LineKind, body_of_line, encode_line, kind_of_line
from dcfoot.store.migrations import CURRENT, Body, Schema
from simulated.measurements import MEASUREMENTS


@given(MEASUREMENTS)
def test_any_measurement_comes_back_from_json_text_as_it_was(measurement: Measurement) -> None:
    assert from_json(json.loads(json.dumps(to_json(measurement)))) == measurement


@given(MEASUREMENTS)
def test_every_field_of_a_measurement_is_kept_under_its_own_name_or_split_into_meters_and_energies(
    measurement: Measurement,
) -> None:
    fields = set(Measurement.__dataclass_fields__)
    assert set(to_json(measurement)) == fields - {"channels"} | {"meters", "energies"}


def test_a_line_is_json_whose_checksum_is_the_crc_32_of_what_follows_it() -> None:
    line = encode_line(LineKind.PROGRESS, {"totals": {}})
    assert line == b'{"crc32":"%08x","progress":{"totals":{}}}\n' % _crc32_ieee(b'"progress":{"totals":{}}')
    assert json.loads(line)["progress"] == {"totals": {}}


def test_the_reference_checksum_agrees_with_the_published_check_value() -> None:
    # "CRC-32/ISO-HDLC: check=0xcbf43926" for the ASCII text 123456789 (Catalogue of parametrised CRC algorithms).
    assert _crc32_ieee(b"123456789") == 0xCBF43926


def _crc32_ieee(data: bytes) -> int:
    """CRC-32 bit by bit, as IEEE 802.3 describes it: reflected polynomial 0xEDB88320."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@given(st.data())
def test_a_line_with_any_byte_changed_counts_as_damaged(data: st.DataObject) -> None:
    line = encode_line(LineKind.FINISH, {"run": {"name": "train.py"}, "totals": {"duration_s": 12.5}}).rstrip(b"\n")
    position = data.draw(st.integers(0, len(line) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != line[position]))
    assert kind_of_line(line) is LineKind.FINISH
    assert kind_of_line(line[:position] + bytes([byte]) + line[position + 1 :]) is None


@given(st.integers(0, 200))
def test_a_line_that_was_cut_counts_as_damaged(length: int) -> None:
    line = encode_line(LineKind.PHASES, {"first": 0, "phases": ["x" * 200]}).rstrip(b"\n")
    assert kind_of_line(line[:length]) is None


def test_a_name_that_is_no_unicode_survives_a_line() -> None:
    line = encode_line(LineKind.HEADER, {"command": ["caf\udce9"]}).rstrip(b"\n")
    assert body_of_line(line, LineKind.HEADER) == {"command": ["caf\udce9"]}


def rename_elapsed(kind: LineKind, body: Body) -> Body:
    """A step from a fictional version in which totals were called otherwise."""
    if kind is LineKind.PROGRESS:
        totals = dict(body["totals"])
        totals["duration_s"] = totals.pop("elapsed_ms") / 1000.0
        return {**body, "totals": totals}
    return body


def test_a_body_of_an_older_version_goes_up_step_by_step_and_stays_what_it_was_itself() -> None:
    old: Body = {"totals": {"elapsed_ms": 1500}}
    schema = Schema(3, {1: rename_elapsed, 2: lambda _, body: {**body, "seen_by": 2}})
    assert schema.upgrade(LineKind.PROGRESS, old, 1) == {"totals": {"duration_s": 1.5}, "seen_by": 2}
    assert old == {"totals": {"elapsed_ms": 1500}}


def test_a_version_without_a_way_up_is_refused_as_too_old() -> None:
    with pytest.raises(StoreError, match="so old"):
        Schema(3, {2: rename_elapsed}).upgrade(LineKind.PROGRESS, {}, 1)


def test_there_is_a_way_up_from_every_version_that_was_ever_released() -> None:
    assert set(CURRENT.migrations) == set(range(1, CURRENT.version))
