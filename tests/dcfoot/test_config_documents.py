"""Whatever stands in a settings file: no traceback, a line for each fault, and what is valid is what loads."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dcfoot import config
from dcfoot.config import keys
from dcfoot.daemon_settings import keys as daemon_keys
from dcfoot.daemon_settings import load_daemon, load_usable
from dcfoot.errors import ConfigError
from dcfoot_probes.daemon.fitness import faults

WORDS = (
    "off",
    "on",
    "0660",
    "127.0.0.1:8376",
    "[::1]:0",
    "0.0.0.0:80",
    "http://h:1/m",
    "EUR",
    "zh",
    "server",
    "fr",
    "~",
)

scalars = (
    st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=6)


def toml(value: object) -> str:
    """A value as TOML writes it (toml.io, v1.0.0)."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml, cast('list[object]', value)))}]"
    if isinstance(value, float):
        return repr(value)  # inf and nan are words of TOML too
    # JSON's escapes are TOML's, which forbids DEL as well.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")


def tables(names: list[str]) -> st.SearchStrategy[dict[str, object]]:
    """Some of the settings, and keys that are none."""
    unknown = st.from_regex(r"[a-z_]{1,12}", fullmatch=True).filter(lambda name: name != "daemon")
    return st.dictionaries(st.sampled_from(names) | unknown, values, max_size=6)


def lines(table: dict[str, object]) -> list[str]:
    return [f"{key} = {toml(value)}" for key, value in table.items()]


own_names = [name.removeprefix("daemon.") for name in daemon_keys()]


@pytest.fixture(autouse=True)
def _no_systems_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "SYSTEM_FILE", tmp_path / "none")


@settings(max_examples=300)
@given(everybodys=tables(list(keys())), own=tables(own_names))
@example(everybodys={}, own={"tls_certificate_file": "off", "tls_key_file": "off"})  # told in one line, by both keys
def test_each_fault_of_a_document_has_the_line_of_its_key_and_what_has_none_loads(
    everybodys: dict[str, object], own: dict[str, object]
) -> None:
    written = [*lines(everybodys), "[daemon]", *lines(own)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / config.FILE_NAME
        path.write_text("\n".join(written))
        environ = {"XDG_CONFIG_HOME": folder}
        usable, of_daemon, problems = load_usable(environ, path.parent)
        told = [*problems, *faults(usable, of_daemon)]
        for said in told:
            found = re.match(rf"{re.escape(str(path))}:(\d+): (?:daemon\.)?([\w.]+)(?:, [\w.]+)?: .", said)
            assert found, said
            assert written[int(found[1]) - 1].startswith(f"{found[2]} = "), said
        unknown = [*everybodys.keys() - set(keys()), *own.keys() - set(own_names)]
        assert sum("there is no such setting" in said for said in told) == len(unknown)
        if problems:
            with pytest.raises(ConfigError):
                load_daemon(environ, path.parent)
        else:
            assert load_daemon(environ, path.parent) == (usable, of_daemon)


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_settings_or_a_fault_that_is_told(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / config.FILE_NAME
        path.write_bytes(data)
        _, _, problems = load_usable({"XDG_CONFIG_HOME": folder}, path.parent)
        assert all(said.startswith(f"{path}:") for said in problems)


@pytest.mark.parametrize("text", [f"interval_s = {'1' * 5000}", f"read = {'[' * 5000}", "site = 1979-13-01"], ids=len)
def test_what_is_too_long_or_too_deep_to_be_read_is_a_fault_with_a_line(tmp_path: Path, text: str) -> None:
    (tmp_path / config.FILE_NAME).write_text(text)
    _, _, (said,) = load_usable({"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path)
    assert said.startswith(f"{tmp_path / config.FILE_NAME}:1: this is not TOML: ")
