"""What deploy/ holds, tried by the programs that read it: promtool, systemd, a Python with the agent's packages."""

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dcfoot import daemon_settings
from dcfoot_probes.daemon.http.replies import ROUTES
from dcfoot_probes.exporters.metrics import METRICS
from simulated.environ import unobserved
from simulated.peers import absent, require_peer
from simulated.repository import ROOT
from simulated.trees import PowercapTree, ProcTree

DEPLOY = ROOT / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
DASHBOARDS = sorted((DEPLOY / "grafana").glob("*.json"))
METRIC_NAMES = {metric.full_name for metric in METRICS}

MACROS = {"$__rate_interval": "5m", "$__range": "6h", "$instance": ".*", "$kind": ".*"}
"""What Grafana puts in before it asks (its manual, "Global variables"), and the dashboards' own variables."""


def promtool(*arguments: object, folder: Path = PROMETHEUS) -> str:
    command = [str(require_peer("promtool")), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def yaml(path: Path) -> list[Any]:
    """Its documents."""
    reader: Any = YAML(typ="safe", pure=True)
    return list(reader.load_all(path.read_text()))


def rules() -> list[Mapping[str, str]]:
    files = [yaml(PROMETHEUS / name)[0] for name in ("rules.yml", "alerts.yml")]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def expressions(dashboard: Path) -> Iterator[str]:
    """What a dashboard asks for, as Grafana would send it."""
    for panel in json.loads(dashboard.read_text())["panels"]:
        for target in panel["targets"]:
            expression = target["expr"]
            for macro, value in MACROS.items():
                expression = expression.replace(macro, value)
            yield expression


def named(expression: str) -> set[str]:
    """The metrics that an expression names."""
    return set(re.findall(r"\bdcfoot[\w:]+", re.sub(r'"[^"]*"', '""', expression)))


def test_rules_and_configuration_are_what_prometheus_reads() -> None:
    assert "SUCCESS: 6 rules found" in promtool("check", "rules", "rules.yml", "alerts.yml")
    promtool("check", "config", "--syntax-only", "prometheus.yml")
    (config,) = yaml(PROMETHEUS / "prometheus.yml")
    assert config["scrape_configs"][0]["honor_labels"] is True


def test_rules_and_alerts_say_what_their_examples_expect() -> None:
    assert "SUCCESS" in promtool("test", "rules", "tests.yml")


def test_every_alert_has_an_example() -> None:
    examples = (PROMETHEUS / "tests.yml").read_text()
    alerts = [rule["alert"] for rule in rules() if "alert" in rule]
    assert [alert for alert in alerts if alert not in examples] == []


def test_rules_name_only_metrics_that_there_are() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    assert set[str]().union(*(named(rule["expr"]) for rule in rules())) - METRIC_NAMES <= recorded


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_each_query_of_a_dashboard_is_promql_about_metrics_that_there_are(dashboard: Path, tmp_path: Path) -> None:
    asked = list(expressions(dashboard))
    assert len(asked) > 4
    assert not [one for one in asked if "$" in one]
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    assert set[str]().union(*map(named, asked)) <= METRIC_NAMES | recorded
    parsed = [{"record": "asked:query", "expr": one, "labels": {"n": str(n)}} for n, one in enumerate(asked)]
    (tmp_path / "asked.yml").write_text(json.dumps({"groups": [{"name": "asked", "rules": parsed}]}))
    assert f"SUCCESS: {len(asked)} rules found" in promtool("check", "rules", "asked.yml", folder=tmp_path)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_of_a_dashboard_do_not_lie_on_each_other(dashboard: Path) -> None:
    shown = json.loads(dashboard.read_text())
    squares = [
        (x, y)
        for at in (panel["gridPos"] for panel in shown["panels"])
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(squares) == len(set(squares))
    assert max(x for x, _ in squares) < 24
    assert len({panel["id"] for panel in shown["panels"]}) == len(shown["panels"])


def test_dashboards_and_rules_leave_no_metric_unused_that_says_something_is_wrong() -> None:
    used = set[str]().union(*(named(one) for path in DASHBOARDS for one in expressions(path)))
    used |= set[str]().union(*(named(rule["expr"]) for rule in rules()))
    assert METRIC_NAMES - used <= {
        "dcfoot_device_power_limit_watts",
        "dcfoot_device_sm_clock_max_hertz",
        "dcfoot_interval_seconds",
        "dcfoot_job_power_watts",
        "dcfoot_start_time_seconds",
    }


@pytest.mark.peer("systemd-analyze")
def test_the_unit_is_one_that_systemd_takes_and_leaves_little_exposed(tmp_path: Path) -> None:
    unit = (DEPLOY / "systemd/dcfoot.service").read_text()
    copy = tmp_path / "dcfoot.service"
    copy.write_text(unit.replace("/opt/dcfoot/bin/dcfoot", sys.executable))
    for command in (["verify", "--man=no"], ["security", "--offline=true", "--threshold=30"]):
        done = subprocess.run(
            ["systemd-analyze", *command, str(copy)], capture_output=True, text=True, check=False, env=unobserved()
        )
        assert done.returncode == 0, done.stdout + done.stderr
        if command[0] == "verify":
            assert "dcfoot.service" not in done.stderr  # it only warns of what it does not know


def test_the_unit_gives_no_more_rights_than_its_comments_explain() -> None:
    unit = (DEPLOY / "systemd/dcfoot.service").read_text()
    for line in ("CapabilityBoundingSet", "AmbientCapabilities"):
        rights = re.search(rf"^{line}=(.*)$", unit, re.MULTILINE)
        assert rights
        assert rights[1].split() == ["CAP_DAC_READ_SEARCH", "CAP_PERFMON", "CAP_SYS_PTRACE"]
    assert "NoNewPrivileges=yes" in unit


def daemon_set() -> tuple[Any, Any]:
    config, daemons = yaml(DEPLOY / "kubernetes/daemonset.yaml")
    return config, daemons["spec"]["template"]["spec"]


def test_what_the_daemonset_refers_to_is_there() -> None:
    config, daemons = yaml(DEPLOY / "kubernetes/daemonset.yaml")
    _, pod = daemon_set()
    (container,) = pod["containers"]
    assert (config["apiVersion"], daemons["apiVersion"]) == ("v1", "apps/v1")
    labels = daemons["spec"]["template"]["metadata"]["labels"]
    assert daemons["spec"]["selector"]["matchLabels"].items() <= labels.items()
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    assert mounts == {volume["name"] for volume in pod["volumes"]}
    maps = [volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume]
    assert maps == [config["metadata"]["name"]]
    assert container["livenessProbe"]["httpGet"]["port"] in {port["name"] for port in container["ports"]}
    # Kubernetes refuses names that are none of DNS (RFC 1123).
    names = [*mounts, container["name"], config["metadata"]["name"], daemons["metadata"]["name"]]
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name) for name in names)
    quantities = [*container["resources"]["requests"].values(), *container["resources"]["limits"].values()]
    assert all(re.fullmatch(r"[0-9]+(m|Mi|Gi)?", str(quantity)) for quantity in quantities)


def test_the_daemonset_sees_the_node_and_changes_nothing_of_it() -> None:
    _, pod = daemon_set()
    (container,) = pod["containers"]
    assert (pod["hostPID"], pod["automountServiceAccountToken"], pod["tolerations"]) == (
        True,
        False,
        [{"operator": "Exists"}],
    )
    security = container["securityContext"]
    assert (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"]) == (True, False)
    assert security["capabilities"] == {"drop": ["ALL"], "add": ["DAC_READ_SEARCH", "PERFMON", "SYS_PTRACE"]}
    written = {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert written == {"store", "run"}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert container["livenessProbe"]["httpGet"]["path"] in ROUTES


def test_the_daemonsets_settings_are_ones_that_the_daemon_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, _ = daemon_set()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dcfoot.toml").write_text(config["data"]["config.toml"])
    _, own = daemon_settings.load_daemon({"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path)
    assert own.listen == "0.0.0.0:8376"
    assert own.token_file == Path("/etc/dcfoot-http/token")


def test_the_container_file_installs_the_slim_agent_and_starts_the_daemon() -> None:
    said = (DEPLOY / "container/Containerfile").read_text()
    # Whatever comes from an index comes by its hash: hatchling too.
    fetched = re.findall(r"pip (?:install|wheel) .*", said)
    assert all("--require-hashes" in one or "--no-index" in one or "--no-build-isolation" in one for one in fetched)
    assert said.rstrip().endswith('ENTRYPOINT ["dcfoot"]\nCMD ["daemon"]')
    assert "DCFOOT_ROOT=/host" in said


def entries(name: str) -> Sequence[str]:
    """Of a lock, each with its hashes."""
    return [one.rstrip() for one in re.split(r"\n(?=[A-Za-z#])", (ROOT / name).read_text()) if not one.startswith("#")]


def agent() -> list[str]:
    """The packages of the slim agent."""
    return [entry.partition("==")[0] for entry in entries("deploy/requirements-agent.txt")]


@pytest.mark.parametrize("name", ["agent", "build"])
def test_the_slim_agent_has_the_versions_and_hashes_that_everybody_has(name: str) -> None:
    assert set(entries(f"deploy/requirements-{name}.txt")) <= set(entries("constraints.txt"))
    assert len(agent()) == 4


def let_in(to: Path) -> Path:
    """A copy of what .dockerignore lets into the image's context."""
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!/"):
            source, copy = ROOT / line[2:], to / line[2:]
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy)
    return to


@pytest.mark.timeout(300)
def test_the_steps_of_the_container_file_make_an_agent_that_runs(tmp_path: Path) -> None:
    said = (DEPLOY / "container/Containerfile").read_text().partition("\nFROM python:3.12-slim\n")[0]
    steps = re.findall(r"^RUN (.*)$", said, re.MULTILINE)
    assert len(steps) == 4
    context = let_in(tmp_path / "src")
    for step in steps:
        here = re.sub(r"(?<=\s)python(?=\s)", sys.executable, re.sub(r"(/opt/|/wheels)", rf"{tmp_path}\1", f" {step}"))
        done = subprocess.run(
            ["sh", "-c", here], cwd=context, env=unobserved(), capture_output=True, text=True, check=False
        )
        if done.returncode and re.search("No matching distribution|Could not find a version", done.stderr):
            absent(f"no package index answers: {done.stderr[-2000:]}")
        assert done.returncode == 0, done.stdout + done.stderr
    installed = tmp_path / "opt/dcfoot"
    assert not (installed / "bin/pip").exists()
    (site_packages,) = installed.glob("lib/python3.*/site-packages")
    there = {path.name.partition("-")[0] for path in site_packages.glob("*.dist-info")} - {"setuptools"}
    assert there == {name.replace("-", "_") for name in (*agent(), "dcfoot")}
    doctor = [str(installed / "bin/dcfoot"), "doctor", "--json"]
    done = subprocess.run(
        doctor, cwd=tmp_path, env=unobserved(HOME=str(tmp_path)), capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout), done.stderr


def test_the_slim_agent_takes_little_room() -> None:
    files = [Path(str(file.locate())) for name in agent() for file in distribution(name).files or ()]
    packages_bytes = sum(path.stat().st_size for path in files if path.suffix != ".pyc")
    own_bytes = sum(
        path.stat().st_size
        for folder in ("dcfoot/dcfoot", "probes/dcfoot_probes", "scenarios/dcfoot_scenarios")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    )
    assert packages_bytes + own_bytes < 21e6  # what a first try at such an agent took on disk


@pytest.fixture
def slim_python(tmp_path: Path) -> Path:
    """A Python that knows dcfoot and the slim agent's packages and nothing else."""
    environment = tmp_path / "venv"
    venv.create(environment, symlinks=True)
    (site_packages,) = environment.glob("lib/python3.*/site-packages")
    for name in agent():
        here = distribution(name)
        for top in {file.parts[0] for file in here.files or () if file.parts[0] != ".."}:
            (site_packages / top).symlink_to(Path(str(here.locate_file(top))))
    about = distribution("dcfoot")
    metadata = next(file.parts[0] for file in about.files or () if file.parts[0].endswith(".dist-info"))
    (site_packages / metadata).symlink_to(Path(str(about.locate_file(metadata))))
    (site_packages / "dcfoot.pth").write_text("".join(f"{ROOT / name}\n" for name in ("dcfoot", "probes", "scenarios")))
    return environment / "bin/python"


def test_the_slim_agent_runs_the_daemon(slim_python: Path, tmp_path: Path) -> None:
    PowercapTree(tmp_path).zone("intel-rapl:0", "package-0")
    ProcTree(tmp_path).cpuinfo("Intel(R) Xeon(R) Platinum 8480+")
    ProcTree(tmp_path).meminfo(64)
    ProcTree(tmp_path).stat(1.0, 9.0)
    places = {"DCFOOT_ROOT": tmp_path, "RUNTIME_DIRECTORY": tmp_path / "run", "NOTIFY_SOCKET": tmp_path / "notify"}
    environ = unobserved(DCFOOT_DAEMON_LISTEN="127.0.0.1:0", **{name: str(path) for name, path in places.items()})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, (tmp_path / "log").open("wb") as log:
        manager.bind(str(tmp_path / "notify"))
        command = [str(slim_python), "-m", "dcfoot", "daemon"]
        with subprocess.Popen(command, env=environ, cwd=tmp_path, stdout=log, stderr=log) as process:
            ready, _, _ = select.select([manager], [], [], 30.0)
            assert ready, (tmp_path / "log").read_text()
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    assert "No module named" not in (tmp_path / "log").read_text()
    assert not os.path.lexists(slim_python.parent / "pip")


def test_the_slim_agent_can_load_whatever_the_daemon_speaks(slim_python: Path) -> None:
    speaks = "dcfoot_probes.daemon.http.server", "dcfoot_probes.exporters.otlp", "dcfoot_probes.exporters.push"
    code = f"import {', '.join(speaks)}, dcfoot_probes.exporters.remote_write, sys; print('numpy' in sys.modules)"
    done = subprocess.run([slim_python, "-c", code], env=unobserved(), capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
