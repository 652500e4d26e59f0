"""Who a control group belongs to, by its path alone: Slurm jobs, containers, services, users.

What comes in is a path as ``/proc/PID/cgroup`` and the tree below ``/sys/fs/cgroup`` have it, what goes out is a `Unit`
without a name. The same path gives the same unit in version 1, version 2 and both beside each other (hybrid).

The strongest bond wins: a job, wherever it is (a cluster may run inside containers); then the outermost container, for
what runs in it is its own; then the outermost service or user; then the first folder of the path.
"""

import re
from collections.abc import Iterable

from dcfoot_probes.daemon.words import Unit, UnitKind

_JOB = re.compile(r"(?:^|/)(?:slurm[^/]*/uid_(\d+)|[^/]*slurmstepd\.scope)/job_(\d+)(?=/|$)")
"""``slurm/uid_1000/job_7`` in version 1, or ``slurm_node1`` with several daemons on a node;
``system.slice/slurmstepd.scope/job_7`` in version 2, or ``node1_slurmstepd.scope`` (Slurm's cgroup.conf(5) and "Control
Group v2 plugin")."""

_HEX = "[0-9a-f]{64}"
"""What every runtime below calls a container: 64 hexadecimal digits."""

_CONTAINER = re.compile(
    rf"(?:^|/)(?:(?P<path>docker)/"  # Docker by cgroupfs
    rf"|(?:[^/]*:)?(?P<name>docker|libpod|crio|cri-containerd|nerdctl)[-:](?:conmon-|payload-)?"
    rf")?(?P<id>{_HEX})(?:\.scope)?(?=/|$)"
)
"""``docker-ID.scope`` and its like (systemd's driver), ``docker/ID``, ``libpod-ID``, ``podUID/ID``, ``default/ID``
(cgroupfs), ``SLICE:cri-containerd:ID`` (containerd, where its own driver disagrees with the kubelet's). Podman's and
CRI-O's ``conmon`` watches over one container alone and counts as part of it."""

_RUNTIMES = {
    "docker": "docker",
    "libpod": "podman",
    "crio": "cri-o",
    "cri-containerd": "containerd",
    "nerdctl": "containerd",
}

_POD = re.compile(
    r"kubepods(?:.*[-/](burstable|besteffort))?.*[-/]"
    r"pod([0-9a-f]{8}(?:[-_]?[0-9a-f]{4}){3}[-_]?[0-9a-f]{12})(?=[/.:]|$)"
)
"""``kubepods/burstable/podUID``, ``kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podUID.slice`` (the
kubelet's two drivers). A pod that the kubelet reads from a file has a UID without hyphens."""

_MACHINE = re.compile(
    r"(?:^|/)(?:machine\.slice/(?P<machine>(?:machine-|systemd-nspawn@)[^/]+)"
    r"|lxc(?:\.payload\.|/)(?P<lxc>[^/]+))(?=/|$)"
)
"""Virtual machines and containers of systemd-machined (systemd.special(7)), and LXC's (lxc.container.conf(5))."""

_USER = re.compile(r"(?:^|/)user-(\d+)\.slice(?=/|$)")
_SERVICE = re.compile(r"(?:^|/)([^/]+\.(?:service|scope))(?=/|$)")
"""``user.slice/user-1000.slice`` and ``system.slice/sshd.service`` (systemd.special(7), systemd.scope(5))."""


def unit_of_path(path: str) -> Unit | None:
    """The unit to which what lies in a control group belongs; None for the root, where everybody is.

    Parameters
    ----------
    path : str
        Below the root of a hierarchy: ``/system.slice/sshd.service``.
    """
    user = _USER.search(path)
    user_id = int(user[1]) if user else None
    job = _JOB.search(path)
    if job and not user:  # Below a user's own slice anybody may call a folder a job's.
        return Unit(UnitKind.SLURM_JOB, job[2], user_id=int(job[1]) if job[1] else None)
    container = _CONTAINER.search(path)
    if container:
        return Unit(UnitKind.CONTAINER, container["id"], user_id=user_id, labels=_labels(path, container))
    machine = _MACHINE.search(path)
    if machine:
        runtime = "lxc" if machine["lxc"] else "machine"
        return Unit(UnitKind.CONTAINER, machine["lxc"] or machine["machine"], labels=(("runtime", runtime),))
    if user:
        return Unit(UnitKind.USER, user[1], user_id=user_id)
    service = _SERVICE.search(path)
    if service:
        return Unit(UnitKind.SERVICE, service[1])
    first = path.strip("/").partition("/")[0]
    return Unit(UnitKind.SYSTEM, first) if first else None


_STRENGTH = {kind: place for place, kind in enumerate(UnitKind)}


def unit_of_membership(lines: Iterable[str]) -> Unit | None:
    """The unit of a process by its ``/proc/PID/cgroup``: the strongest that any hierarchy knows.

    Parameters
    ----------
    lines : Iterable of str
        ``hierarchy:controllers:path`` each (cgroups(7)).
    """
    parts = (line.rstrip("\n").split(":", 2) for line in lines)
    units = [unit for part in parts if len(part) == 3 and (unit := unit_of_path(part[2])) is not None]
    named = [unit for unit in units if unit.kind is not UnitKind.SYSTEM]
    return min(named, key=lambda unit: _STRENGTH[unit.kind], default=None)


def _labels(path: str, container: re.Match[str]) -> tuple[tuple[str, str], ...]:
    runtime = _RUNTIMES.get(container["path"] or container["name"] or "")
    pod = _POD.search(path)
    labels = {"pod_uid": pod[2].replace("_", "-"), "qos": pod[1] or "guaranteed"} if pod else {}
    return tuple(sorted({**labels, **({"runtime": runtime} if runtime else {})}.items()))
