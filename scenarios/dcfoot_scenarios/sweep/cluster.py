"""The chunks of a sweep on a Dask cluster: computed there, handed back one by one, written by whoever asks.

In come a job and chunks of points, out come their columns as they are ready. What a worker that dies had in hand, the
scheduler gives to another; what a client that dies had not yet written, its next run asks for again.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from socket import create_connection
from typing import Any
from urllib.parse import urlsplit

from dcfoot.errors import ConfigError, StudyError
from dcfoot_scenarios.sweep.compute import Columns, Job, columns_elsewhere, fingerprint

PATIENCE_S = 10
"""How long a scheduler is waited for (a choice) [s]"""

AHEAD = 4
"""Chunks that wait for each thread of the cluster, so that none idles and the results fit into memory (a choice)."""


def on_cluster(address: str, job: Job, chunks: Sequence[range]) -> Iterator[tuple[range, Columns]]:
    """Computes chunks on the cluster of a scheduler, in any order.

    Parameters
    ----------
    address : str
        Of the scheduler: ``tcp://HOST:PORT``.
    job : Job
        What is computed.
    chunks : sequence of range
        Points, by number.

    Raises
    ------
    ConfigError
        Dask is not installed, nobody answers there, or a worker computes other figures.
    StudyError
        A point cannot be computed, or the cluster broke.
    """
    check_scheduler(address)
    dask: Any = import_module("distributed")
    try:
        client = dask.Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as fault:
        raise ConfigError(f"No Dask scheduler answers at {address} ({str(fault) or type(fault).__name__}).") from None
    with client:
        try:
            yield from _results(dask, client, job, iter(chunks))
        except (dask.KilledWorker, CancelledError, OSError) as fault:
            raise StudyError(f"The cluster at {address} broke: {fault}. The same command goes on.") from None


def check_scheduler(address: str) -> None:
    """Looks whether a cluster can be asked at all, in a moment: before anything is computed for it.

    Parameters
    ----------
    address : str
        As in `on_cluster`.

    Raises
    ------
    ConfigError
        Dask is not installed, this is no address, or nobody listens there.
    """
    if find_spec("distributed") is None:
        raise ConfigError("--scheduler needs Dask: python -m pip install 'dcfoot[dask]'")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:  # a port that is none
        host, port = None, None
    if parts_missing := [
        name for name, part in (("tcp://", "://" in address), ("HOST", host), ("PORT", port)) if not part
    ]:
        raise ConfigError(
            f"--scheduler {address}: an address is tcp://HOST:PORT; {' and '.join(parts_missing)} is missing."
        )
    try:
        create_connection((host or "", port or 0), timeout=PATIENCE_S).close()
    except OSError as fault:
        raise ConfigError(f"No Dask scheduler answers at {address} ({fault.strerror or fault}).") from None


def _results(dask: Any, client: Any, job: Job, chunks: Iterator[range]) -> Iterator[tuple[range, Columns]]:  # noqa: ANN401
    expected = fingerprint(job)
    asked: dict[Any, range] = {}

    def ask(chunk: range) -> Any:  # noqa: ANN401 (Dask has no types)
        future = client.submit(columns_elsewhere, job, expected, chunk, pure=False)
        asked[future] = chunk
        return future

    threads = sum(client.nthreads().values())
    first = [ask(chunk) for chunk in islice(chunks, AHEAD * max(threads, 1))]
    running = dask.as_completed(first, loop=client.loop)
    for future in running:
        yield asked.pop(future), future.result()
        running.update(ask(chunk) for chunk in islice(chunks, 1))
