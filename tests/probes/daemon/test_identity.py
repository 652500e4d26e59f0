"""Paths of control groups as real machines have them, and whose they are.

Where each path comes from stands beside it: the project whose documentation, source or tests show it, or the machine on
which it was seen.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot_probes.daemon.units.identity import unit_of_membership, unit_of_path
from dcfoot_probes.daemon.words import Unit, UnitKind

ID = "f45298cd514d1930c4fe3afc4412e59547f7e3148fddd22ca33cefce046eb830"
OUTER = "a9a5ad238e59234193ee7ec3fcff5e735b3708ea1068826952255b69e3cfa413"
POD = "dd1bf9d1-241d-47f5-8e25-12de83135812"
SLICE_POD = POD.replace("-", "_")


def container(runtime: str = "", pod: str = "", qos: str = "", user_id: int | None = None, name: str = ID) -> Unit:
    labels = {"pod_uid": pod, "qos": qos, "runtime": runtime}
    return Unit(
        UnitKind.CONTAINER, name, user_id=user_id, labels=tuple((key, value) for key, value in labels.items() if value)
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        # Docker: drivers cgroupfs and systemd (docs.docker.com, "Runtime metrics"); in itself (neuvector's tests).
        (f"/docker/{ID}", container("docker")),
        (f"/system.slice/docker-{ID}.scope", container("docker")),
        (f"/docker/{OUTER}/docker/{ID}", container("docker", name=OUTER)),
        # Podman: rootful, rootless, with cgroupfs, and the monitor beside it (podman's `CgroupPath`, its pod tests).
        (f"/machine.slice/libpod-{ID}.scope/container", container("podman")),
        (
            f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope/container",
            container("podman", user_id=1000),
        ),
        (f"/libpod_parent/libpod-{ID}", container("podman")),
        (f"/machine.slice/libpod-conmon-{ID}.scope", container("podman")),
        # Kubernetes: containerd and CRI-O, both drivers, each quality of service, a static pod, a proxy's own group,
        # containerd whose driver is not the kubelet's (Ubuntu 20.04 with 1.27; OpenTelemetry's tests), kind.
        (
            f"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{SLICE_POD}.slice/cri-containerd-{ID}.scope",
            container("containerd", POD, "besteffort"),
        ),
        (
            f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{SLICE_POD}.slice/crio-{ID}.scope",
            container("cri-o", POD, "burstable"),
        ),
        (f"/kubepods.slice/kubepods-pod{SLICE_POD}.slice/crio-{ID}.scope", container("cri-o", POD, "guaranteed")),
        (f"/kubepods/burstable/pod{POD}/{ID}", container("", POD, "burstable")),
        (f"/kubepods/pod{POD}/{ID}/kube-proxy", container("", POD, "guaranteed")),
        (
            (
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podc704ef4c297ab11032b83ce52cbfc87b.slice/"
                f"cri-containerd-{ID}.scope"
            ),
            container("containerd", "c704ef4c297ab11032b83ce52cbfc87b", "burstable"),
        ),
        (
            f"/system.slice/containerd.service/kubepods-burstable-pod{SLICE_POD}.slice:cri-containerd:{ID}",
            container("containerd", POD, "burstable"),
        ),
        (
            f"/kuberuntime/containerd/kubepods-pod{SLICE_POD}:cri-containerd:{ID}",
            container("containerd", POD, "guaranteed"),
        ),
        (
            (
                "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
                f"kubelet-kubepods-burstable-pod{SLICE_POD}.slice/cri-containerd-{ID}.scope"
            ),
            container("containerd", POD, "burstable"),
        ),
        # containerd's ctr, nerdctl; Docker on the Debian of 2014 (neuvector's tests).
        (f"/default/{ID}", container()),
        (f"/system.slice/nerdctl-{ID}.scope", container("containerd")),
        (f"/{ID}", container()),
        # LXC and systemd-machined.
        ("/lxc.payload.web/init.scope", container("lxc", name="web")),
        (r"/machine.slice/machine-qemu\x2d1\x2dvm.scope", container("machine", name=r"machine-qemu\x2d1\x2dvm.scope")),
        # Slurm: version 1 with one and with several daemons on a node (seen with Debian's 22.05), version 2 (its
        # "Control Group v2 plugin"), and in a pod.
        ("/slurm/uid_2101171/job_280678/step_interactive/task_0", Unit(UnitKind.SLURM_JOB, "280678", user_id=2101171)),
        ("/slurm_vm/uid_0/job_1/step_0", Unit(UnitKind.SLURM_JOB, "1", user_id=0)),
        ("/system.slice/slurmstepd.scope/job_1392969/step_0/user/task_0", Unit(UnitKind.SLURM_JOB, "1392969")),
        ("/system.slice/node1_slurmstepd.scope/job_4/step_batch/user/task_special", Unit(UnitKind.SLURM_JOB, "4")),
        (
            f"/kubepods.slice/kubepods-pod{SLICE_POD}.slice/cri-containerd-{ID}.scope/system.slice/slurmstepd.scope/job_7",
            Unit(UnitKind.SLURM_JOB, "7"),
        ),
        ("/system.slice/slurmstepd.scope/system", Unit(UnitKind.SERVICE, "slurmstepd.scope")),
        # systemd (systemd.special(7)).
        ("/user.slice/user-1000.slice/session-3.scope", Unit(UnitKind.USER, "1000", user_id=1000)),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service",
            Unit(UnitKind.USER, "1000", user_id=1000),
        ),
        ("/system.slice/docker.service", Unit(UnitKind.SERVICE, "docker.service")),
        ("/system.slice/system-getty.slice/getty@tty1.service", Unit(UnitKind.SERVICE, "getty@tty1.service")),
        ("/init.scope", Unit(UnitKind.SERVICE, "init.scope")),
        ("/user.slice", Unit(UnitKind.SYSTEM, "user.slice")),
        ("/", None),
    ],
)
def test_a_path_tells_whose_a_group_is(path: str, expected: Unit | None) -> None:
    assert unit_of_path(path) == expected


def test_a_job_is_not_believed_below_a_users_own_slice() -> None:
    # There a user may make folders of any name, and would have others pay.
    path = "/user.slice/user-1000.slice/user@1000.service/slurm/uid_0/job_5"
    assert unit_of_path(path) == Unit(UnitKind.USER, "1000", user_id=1000)


@pytest.mark.parametrize(
    ("membership", "expected"),
    [
        # Debian's Slurm 22.05 on this kernel: only some controllers have the job.
        ("9:name=systemd:/\n6:freezer:/slurm_vm/uid_0/job_1/step_0\n2:cpuacct:/\n0::/\n", "1"),
        # Hybrid: the service in systemd's tree, the container in the controllers'.
        (f"4:cpuacct:/docker/{ID}\n1:name=systemd:/system.slice/docker.service\n0::/system.slice/docker.service\n", ID),
        ("0::/\n", None),
        ("4:memory:/process_api/0850\n0::/\n", None),
        ("", None),
    ],
)
def test_a_process_is_of_the_strongest_that_any_hierarchy_knows(membership: str, expected: str | None) -> None:
    unit = unit_of_membership(membership.splitlines())
    assert (unit and unit.id) == expected


@given(st.text(st.sampled_from("/abdjo_1kuser-.slicep:0"), max_size=80))
def test_what_lies_in_a_group_is_its_own_or_a_stronger_units(path: str) -> None:
    strength = [*UnitKind].index
    outer, inner = unit_of_path(path), unit_of_path(f"{path}/any")
    assert outer is None or (inner is not None and strength(inner.kind) <= strength(outer.kind))
