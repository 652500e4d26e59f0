import json, time
from dataclasses import replace
from itertools import product
import pytest
from simulated.nvml import *
from simulated.nvml.runs import *
from dcfoot_probes.nvidia import counter as C
from probes_acc import LOADS

@pytest.mark.parametrize("i", range(8))
def test_d(i, simulated_gpus, monkeypatch):
    seconds, loads = 9.0, (LOADS[0], LOADS[1], LOADS[3])
    ph = list(zip(phases(5), (2.15, 3.3, 4.5, 6.71, 8.9), strict=True))
    gpus = [replace(a100(loaded(load, seconds)), counter=EnergyCounter(phase_s=p, resets_s=[LOAD_S + r])) for load, (p, r) in product(loads, ph)]
    inst = simulated_gpus(*gpus)
    log = []
    os_ = C.CounterSource.settle
    oc = C.CounterSource._counted
    def settle(self, seen):
        last, before, pw, since = self._last, self._before_restart, self._power.mean_mw, self._power._first
        out = os_(self, seen)
        if before is not None:
            log.append((self.meter.channel.device, [inst.gpus.seconds(before.time_ns), before.value], [inst.gpus.seconds(last.time_ns), last.value], pw, since and inst.gpus.seconds(since.time_ns), [(inst.gpus.seconds(s.time_ns), s.value, s.unsure_ns/1e6) for s in seen], [(inst.gpus.seconds(r.time_ns), r.value) for r in out]))
        return out
    monkeypatch.setattr(C.CounterSource, "settle", settle)
    run = metered_run(inst, end_s(seconds))
    for g, (load, (p, r)) in zip(run.gpus, product(range(3), ph)):
        e = g.error_ratio * 100
        print(f"load {load} phase {p:.3f} reset {LOAD_S+r:.3f}: {e:+.2f}%  {'<<<<' if abs(e)>0.6 else ''}", flush=True)
        if abs(e) > 0.6:
            for l in log:
                if l[0] == g.meter.channel.device: print("     ", l, "true J", g.true_energy_j if hasattr(g,'true_energy_j') else '')
