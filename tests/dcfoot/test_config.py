"""Settings: the nearest wins, each says where it came from, and every fault is named at once."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import cast

import pytest

from dcfoot import config
from dcfoot.account import choose_site
from dcfoot.cli import main
from dcfoot.config import Settings, files, keys, load, unknown_variables, variable
from dcfoot.daemon_settings import DaemonSettings, load_daemon
from dcfoot.daemon_settings import keys as daemon_keys
from dcfoot.errors import ConfigError
from dcfoot_probes.daemon.fitness import faults
from simulated.trees import as_nobody, folder_for_all


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """The user's file, not yet written."""
    path = tmp_path / "config" / "dcfoot" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A working directory."""
    path = tmp_path / "project"
    path.mkdir()
    return path


def environ(users: Path, **more: str) -> Mapping[str, str]:
    return {"XDG_CONFIG_HOME": str(users.parent.parent), **more}


def problems(users: Path, project: Path, **more: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load(environ(users, **more), project)
    return str(raised.value).splitlines()


def test_with_nothing_set_every_value_is_its_default(users: Path, project: Path) -> None:
    settings = load(environ(users), project)
    assert settings == Settings()
    assert {settings.origin(key) for key in keys()} == {"default"}


def test_the_environment_beats_the_project_and_the_project_beats_the_user(users: Path, project: Path) -> None:
    users.write_text('site = "fr"\nlang = "zh"\ninterval_s = 2\n')
    (project / "dcfoot.toml").write_text('# ours\nsite = "de"\ninterval_s = 5.5\n')
    settings = load(environ(users, DCFOOT_SITE="world"), project)
    assert (settings.site, settings.interval_s, settings.lang) == ("world", 5.5, "zh")
    assert settings.origin("site") == "environment: DCFOOT_SITE"
    assert settings.origin("interval_s") == f"{project / 'dcfoot.toml'}:3"
    assert settings.origin("lang") == f"{users}:2"
    assert settings.origin("country") == "default"


def test_every_setting_can_be_given_in_a_file_and_in_the_environment(
    users: Path, project: Path, tmp_path: Path
) -> None:
    values: dict[str, object] = {
        "site": "fr",
        "country": "FRA",
        "region": "CN-GD",
        "sites_file": str(tmp_path / "sites.toml"),
        "factors_package": str(tmp_path / "factors"),
        "hourly": "entsoe",
        "interval_s": 0.5,
        "data_dir": str(tmp_path / "data"),
        "node_class": "workstation",
        "electricity_price_per_kwh": 0.21,
        "currency": "EUR",
        "lang": "zh",
        "whole_node": True,
        "read": ["http://127.0.0.1:9400/metrics", "https://gpu-9:9100/metrics#gpu-9"],
    }
    assert list(values) == keys() == [field.name for field in fields(Settings) if field.name != "origins"]
    users.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
    of_file = load(environ(users), project)
    users.unlink()
    variables = {
        variable(key): ",".join(cast("list[str]", value)) if isinstance(value, list) else str(value)
        for key, value in values.items()
    }
    of_environment = load(environ(users, **variables), project)
    for key, value in values.items():
        found = getattr(of_file, key)
        assert found == getattr(of_environment, key)
        assert (list(found) if isinstance(value, list) else str(found)) == (
            value if isinstance(value, list) else str(value)
        )


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1:9400", "ftp://127.0.0.1/metrics", "http://", "http:///metrics", "http://gpu:99999/metrics"),
        *("http://user:word@gpu:9400/metrics", "http://g pu/metrics", "http://[::1/metrics", "http://gpu/\tmetrics"),
    ],
)
def test_what_is_to_be_read_is_an_address_without_a_password(users: Path, project: Path, address: str) -> None:
    users.write_text(f"read = [{json.dumps(address)}]\n")
    (fault,) = problems(users, project)
    assert fault.startswith(f"{users}:1: read: {address!r} is not an address such as http://127.0.0.1:9400/metrics")


def test_all_faults_are_named_at_once_each_with_its_file_and_line(users: Path, project: Path) -> None:
    users.write_text('# mine\n\nsite = 5\nintervall_s = 2\n"lang" = "fr"\n')
    (project / "dcfoot.toml").write_text(
        'interval_s = 900\nwhole_node = "maybe"\nnode_class = "sever"\n'
        'electricity_price_per_kwh = -1\ncurrency = "Euro"\n[facility]\npue = 1.2\n'
    )
    ours = project / "dcfoot.toml"
    found = problems(users, project, DCFOOT_INTERVAL_S="soon", DCFOOT_WHOLE_NODE="sometimes")
    assert found[:3] == [
        f"{users}:3: site: 5 is not a text",
        f"{users}:4: intervall_s: there is no such setting; did you mean interval_s?",
        f"{users}:5: lang: 'fr' is not a language of the receipt; there are en, zh",
    ]
    names = ["interval_s", "whole_node", "node_class", "electricity_price_per_kwh", "currency", "facility"]
    assert [":".join(line.split(":")[:3]) for line in found[3:9]] == [
        f"{ours}:{line}: {name}" for line, name in enumerate(names, 1)
    ]
    assert found[-2:] == [
        "environment: DCFOOT_INTERVAL_S: interval_s: 'soon' is not a number",
        "environment: DCFOOT_WHOLE_NODE: whole_node: 'sometimes' is neither true nor false",
    ]
    assert len(found) == 11


@pytest.mark.parametrize(
    ("text", "line"),
    [("site =\n", 1), ('lang = "en"\nsite = "fr\n', 2), ('site = "a"\n\nsite = "b"\n', 3), ("a = [1,\n\n", 2)],
)
def test_what_is_not_toml_is_named_with_its_line(users: Path, project: Path, text: str, line: int) -> None:
    (project / "dcfoot.toml").write_text(text)
    (fault,) = problems(users, project)
    assert fault.startswith(f"{project / 'dcfoot.toml'}:{line}: this is not TOML: ")


def test_a_file_that_is_no_text_is_named(users: Path, project: Path) -> None:
    users.write_bytes(b'site = "\xff"\n')
    assert f"{users}: cannot be read" in problems(users, project)[0]


def test_a_file_that_dcfoot_config_names_must_be_there(users: Path, project: Path) -> None:
    missing = str(project / "no.toml")
    assert problems(users, project, DCFOOT_CONFIG=missing) == [
        f"{missing}: there is no such file; DCFOOT_CONFIG names it"
    ]


def test_the_file_that_dcfoot_config_names_stands_for_the_users(users: Path, project: Path) -> None:
    users.write_text('site = "fr"\n')
    named = project / "named.toml"
    named.write_text('site = "de"\n')
    assert load(environ(users, DCFOOT_CONFIG=str(named)), project).site == "de"


@pytest.mark.parametrize("value", ["nan", "inf", "0", "-1", "61", "true"])
def test_an_interval_that_would_miss_a_counters_wrap_or_never_end_is_refused(
    users: Path, project: Path, value: str
) -> None:
    (project / "dcfoot.toml").write_text(f"interval_s = {value}\n")
    assert "dcfoot.toml:1: interval_s: " in problems(users, project)[0]


@pytest.mark.parametrize("value", ["nan", "inf", "-0.1"])
def test_a_price_is_a_number_of_money(users: Path, project: Path, value: str) -> None:
    (project / "dcfoot.toml").write_text(f'electricity_price_per_kwh = {value}\ncurrency = "EUR"\n')
    assert "is not a price" in problems(users, project)[0]


def test_a_price_without_a_currency_is_refused(users: Path, project: Path) -> None:
    (project / "dcfoot.toml").write_text("\nelectricity_price_per_kwh = 0.2\n")
    (fault,) = problems(users, project)
    assert fault.startswith(f"{project / 'dcfoot.toml'}:2: electricity_price_per_kwh: a price needs its currency")


def test_a_relative_folder_is_relative_to_the_file_that_names_it(
    users: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.write_text('data_dir = "data"\n')
    assert load(environ(users), project).data_dir == users.parent / "data"
    assert load(environ(users, DCFOOT_DATA_DIR="here"), project).data_dir == project / "here"
    monkeypatch.setenv("HOME", "/home/somebody")
    assert load(environ(users, DCFOOT_DATA_DIR="~/runs"), project).data_dir == Path("/home/somebody/runs")


def test_an_empty_variable_counts_as_not_set(users: Path, project: Path) -> None:
    users.write_text('site = "fr"\n')
    assert load(environ(users, DCFOOT_SITE=""), project).site == "fr"


def test_without_a_variable_of_xdg_the_users_file_is_below_the_home(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # XDG Base Directory Specification 0.8: $HOME/.config
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    users = tmp_path / ".config" / "dcfoot" / "config.toml"
    assert files({}, project) == (Path("/etc/dcfoot/config.toml"), users, project / "dcfoot.toml")


def test_no_toml_is_parsed_and_nothing_third_party_imported_where_there_is_no_file(tmp_path: Path) -> None:
    code = (
        "import sys; before = set(sys.modules); from dcfoot.config import load; load(); "
        "print(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env=dict(os.environ)
    )
    assert not {"tomllib", "platformdirs", "json", "pydantic"} & set(done.stdout.split())


def test_config_show_prints_each_value_and_where_it_came_from(
    users: Path, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    users.write_text('site = "fr"\n')
    monkeypatch.chdir(project)
    assert main(["config", "show"]) == 0
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in capsys.readouterr().out.splitlines()}
    assert rows["site"] == ["fr", f"{users}:1"]
    assert rows["interval_s"] == ["1.0", "default"]
    assert main(["config", "show", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["site"] == {"value": "fr", "origin": f"{users}:1"}
    assert shown["data_dir"] == {"value": os.environ["DCFOOT_DATA_DIR"], "origin": "environment: DCFOOT_DATA_DIR"}
    assert list(shown) == [*keys(), *daemon_keys()]


def test_config_validate_names_every_fault_and_exits_2(
    users: Path, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    assert main(["config", "validate"]) == 0
    users.write_text('sight = "fr"\nlang = "fr"\n')
    assert main(["config", "validate"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "config.toml:1: sight: there is no such setting; did you mean site?" in said.err
    assert "config.toml:2: lang: " in said.err


def test_config_validate_knows_the_sites_that_there_are(
    users: Path, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    users.write_text('site = "frr"\n')
    assert main(["config", "validate"]) == 2
    said = capsys.readouterr().err
    assert f"site from {users}:1: " in said
    assert "frr" in said


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (None, ["sites.toml: the file of sites cannot be read"]),
        ("[sites.lab\n", ["sites.toml:1: this is not TOML"]),
        (
            '[sites.lab]\npue = 0.5\n[sites.hall]\ncountry = "DE"\nwue = 3\n',
            ["sites.toml:2: sites.lab.pue", "sites.toml:5: sites.hall.wue"],
        ),
    ],
)
def test_a_file_of_sites_is_read_whether_or_not_one_of_them_is_used(
    users: Path, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    text: str | None, faults: list[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(project)
    users.write_text('sites_file = "sites.toml"\nsite = "fr"\n')
    if text is not None:
        (users.parent / "sites.toml").write_text(text)
    assert main(["config", "validate"]) == 2
    said = capsys.readouterr().err
    assert f"sites_file from {users}:1: " in said
    assert all(f"{users.parent}/{fault}" in said for fault in faults)
    with pytest.raises(ConfigError):
        choose_site(load(environ(users), project))


def test_a_variable_that_is_called_like_a_setting_and_is_none_is_named_with_the_nearest(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    for known in ("ROOT", "RUN_ID", "RUN_PID", "RUN_PROCESS", "REFERENCE_DIR"):
        monkeypatch.setenv(f"DCFOOT_{known}", "/")
    assert main(["config", "validate"]) == 0
    monkeypatch.setenv("DCFOOT_CUONTRY", "FR")
    assert main(["config", "validate"]) == 2
    said = "environment: DCFOOT_CUONTRY: there is no such setting; did you mean DCFOOT_COUNTRY?"
    assert said in capsys.readouterr().err
    assert unknown_variables(os.environ) == [said]


@pytest.mark.parametrize("which", ["the project's", "the user's"])
def test_a_pipe_in_place_of_a_file_is_a_fault_and_no_reason_to_wait(users: Path, project: Path, which: str) -> None:
    path = users if which == "the user's" else project / "dcfoot.toml"
    os.mkfifo(path)
    assert problems(users, project) == [f"{path}: cannot be read: it is not a regular file"]


def test_a_site_of_the_users_own_file_can_be_chosen_by_its_name(users: Path, project: Path) -> None:
    users.write_text('sites_file = "sites.toml"\nsite = "lab"\n')
    (users.parent / "sites.toml").write_text('[sites.lab]\ncountry = "DE"\npue = 1.11\n')
    site = choose_site(load(environ(users), project))
    assert (site.id, site.country) == ("lab", "DEU")
    assert site.pue is not None
    assert site.pue.spread.central == 1.11


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's file, not yet written, in another place than the machine's own."""
    path = tmp_path / "etc-dcfoot.toml"
    monkeypatch.setattr(config, "SYSTEM_FILE", path)
    return path


def daemon_problems(users: Path, project: Path, **more: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load_daemon(environ(users, **more), project)
    return str(raised.value).splitlines()


def test_the_systems_file_is_read_first_so_that_the_users_overrides_it(
    system: Path, users: Path, project: Path
) -> None:
    system.write_text('site = "fr"\nlang = "zh"\n[daemon]\ninterval_s = 5\n')
    users.write_text('site = "de"\n')
    settings, daemon = load_daemon(environ(users), project)
    assert (settings.site, settings.lang, daemon.interval_s) == ("de", "zh", 5.0)
    assert settings.origin("lang") == f"{system}:2"
    assert daemon.origins["daemon.interval_s"] == f"{system}:4"


@pytest.mark.parametrize("which", ["file", "folder"])
def test_a_systems_file_that_is_kept_from_the_user_is_no_fault_of_the_users(
    which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with folder_for_all() as folder:
        hidden = folder / "dcfoot" / "config.toml"
        hidden.parent.mkdir()
        hidden.write_text("[daemon]\n")
        (hidden if which == "file" else hidden.parent).chmod(0)
        monkeypatch.setattr(config, "SYSTEM_FILE", hidden)
        with as_nobody():
            assert load({"XDG_CONFIG_HOME": str(folder)}, folder) == Settings()


def test_every_setting_of_the_daemon_can_be_given_in_a_file_and_in_the_environment(
    users: Path, project: Path, tmp_path: Path
) -> None:
    values: dict[str, object] = {
        "interval_s": 0.5,
        "store": str(tmp_path / "frames"),
        "keep_ticks_days": 7,
        "keep_minutes_days": 70,
        "keep_parts_days": 17,
        "keep_hours_days": 700,
        "units": False,
        "names": True,
        "probes": ["nvidia", "rapl"],
        "probes_off": ["perf"],
        "listen": "0.0.0.0:80",
        "token_file": str(tmp_path / "token"),
        "tls_certificate_file": str(tmp_path / "certificate"),
        "tls_key_file": str(tmp_path / "key"),
        "socket": str(tmp_path / "socket"),
        "socket_group": "energy",
        "socket_mode": "0600",
        "otlp_url": "http://collector:4318",
        "remote_write_url": "https://prometheus/api/v1/write",
    }
    assert [f"daemon.{key}" for key in values] == daemon_keys()
    users.write_text("[daemon]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
    _, of_file = load_daemon(environ(users), project)
    users.unlink()
    variables = {
        variable(f"daemon.{key}"): ",".join(cast("list[str]", value)) if isinstance(value, list) else str(value)
        for key, value in values.items()
    }
    _, of_environment = load_daemon(environ(users, **variables), project)
    assert replace(of_file, origins={}) == replace(of_environment, origins={})
    assert of_file.socket_mode == 0o600
    assert of_file.probes == ("nvidia", "rapl")
    assert [str(getattr(of_file, key)) for key in ("interval_s", "store", "units")] == ["0.5", values["store"], "False"]


def test_the_daemons_faults_are_named_with_their_lines_and_the_nearest_of_its_keys(users: Path, project: Path) -> None:
    users.write_text(
        'interval_s = 1\n\n[daemon]\n# often\ninterval_s = 0\nlisten = "all"\n"stroe" = "x"\nprobes = "rapl, "\n'
        'socket_mode = "0999"\notlp_url = "collector"\nunits = 3\nkeep_ticks_days = 0.5\n'
    )
    found = daemon_problems(users, project)
    assert [":".join(line.split(":")[1:3]) for line in found] == [
        "5: daemon.interval_s",
        "6: daemon.listen",
        "7: daemon.stroe",
        "8: daemon.probes",
        "9: daemon.socket_mode",
        "10: daemon.otlp_url",
        "11: daemon.units",
        "12: daemon.keep_ticks_days",
    ]
    assert found[2].endswith("there is no such setting; did you mean daemon.store?")


def test_a_fault_of_the_daemons_settings_holds_up_no_other_command(users: Path, project: Path) -> None:
    users.write_text('site = "fr"\n[daemon]\nintervall_s = 2\nunits = "maybe"\n')
    assert load(environ(users, DCFOOT_DAEMON_LISTEN="x"), project).site == "fr"
    assert unknown_variables({"DCFOOT_DAEMON_UNITTS": "1"}) == []
    (said,) = unknown_variables({"DCFOOT_DAEMON_UNITTS": "1"}, daemon_keys())
    assert said.endswith("did you mean DCFOOT_DAEMON_UNITS?")


def test_an_address_that_the_network_can_reach_needs_a_token_and_a_certificate(users: Path, project: Path) -> None:
    for address in ("127.0.0.1:80", "localhost:80", "[::1]:80", "off"):
        users.write_text(f'[daemon]\nlisten = "{address}"\n')
        load_daemon(environ(users), project)
    users.write_text('[daemon]\nlisten = "0.0.0.0:80"\ntls_key_file = "key"\n')
    reachable, alone = daemon_problems(users, project)
    assert "set daemon.token_file, daemon.tls_certificate_file too" in reachable
    assert alone == f"{users}:3: daemon.tls_key_file: it needs daemon.tls_certificate_file beside it"


def test_without_a_choice_every_probe_is_read_and_a_choice_can_be_of_some_or_of_all_but_some() -> None:
    assert DaemonSettings().uses("rapl")
    assert [name for name in ("rapl", "perf") if DaemonSettings(probes=("rapl",)).uses(name)] == ["rapl"]
    assert [name for name in ("rapl", "perf") if DaemonSettings(probes_off=("rapl",)).uses(name)] == ["perf"]


def test_config_validate_knows_the_probes_that_there_are(
    users: Path, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    users.write_text('[daemon]\nprobes_off = ["nvidai", "rapl"]\n')
    assert main(["config", "validate"]) == 2
    said = capsys.readouterr().err
    assert f"{users}:2: daemon.probes_off: no probe is called 'nvidai'; Did you mean nvidia?" in said
    users.write_text('[daemon]\nprobes_off = ["nvidia", "rapl"]\n')
    assert main(["config", "validate"]) == 0


def test_config_validate_names_what_the_machine_lacks_in_the_same_pass(
    users: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "certificate").write_text("no certificate")
    monkeypatch.chdir(project)
    users.write_text(
        'country = "Atlantis"\n[daemon]\nprobes = ["raple"]\nsocket_mode = "999"\ntoken_file = "/nope"\n'
        'socket_group = "nobody-is-in-it"\nstore = "/dev/null/frames"\n'
        f'tls_certificate_file = "{tmp_path}/certificate"\ntls_key_file = "{tmp_path}/certificate"\nunitts = true\n'
    )
    assert main(["config", "validate"]) == 2
    said = capsys.readouterr().err
    names = ["country", "probes", "socket_mode", "token_file", "socket_group", "store", "tls_certificate_file"]
    assert [
        name for line, name in enumerate(names, 1) if name in said and f"{users}:{line + (line > 1)}: " not in said
    ] == []
    assert f"{users}:10: daemon.unitts: " in said
    assert all(name in said for name in names)


def test_what_the_settings_name_and_the_machine_has_is_no_fault(
    users: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("0123456789abcdef")
    monkeypatch.chdir(project)
    users.write_text(
        f'[daemon]\ntoken_file = "{tmp_path}/token"\nsocket_group = "{os.getgid()}"\nstore = "{tmp_path}/new/frames"\n'
    )
    assert main(["config", "validate"]) == 0
    assert not (tmp_path / "new").exists()


def test_a_store_that_this_user_cannot_write_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with folder_for_all() as folder:
        (folder / "kept").mkdir(mode=0o755)
        (folder / "dcfoot.toml").write_text('[daemon]\nstore = "kept/frames"\n')
        monkeypatch.setattr(config, "SYSTEM_FILE", folder / "none")
        with as_nobody():
            _, own = load_daemon({"XDG_CONFIG_HOME": str(folder)}, folder)
            (said,) = faults(Settings(), own)
    assert said.startswith(f"{folder}/dcfoot.toml:2: daemon.store: cannot write the store {folder}/kept/frames")
