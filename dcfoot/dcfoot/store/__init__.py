"""The store of runs: one append-only journal a run, and nothing else.

A `Measurement` comes in while a run lasts, once a second, and goes out again whenever somebody asks, also after the
writer was killed. There is no database, no lock and no index: each journal has one writer, readers need nobody's leave,
and the names of the files sort by time. That works on a laptop's disk and on a cluster's network home alike.

==============  ==================================================================================
`runstore`      the folder of journals: create, load, list
`journal`       writes one run's journal
`reader`        reads one, whole or its head and tail
`lines`         one line: JSON with a checksum
`codec`         a `Measurement` as JSON values and back
`migrations`    what older versions wrote, brought to today's form
`process`       whether the writer of a journal is still alive
`merge`         several nodes' or ranks' measurements as one run
==============  ==================================================================================
"""

from dcfoot.store.journal import Journal
from dcfoot.store.runstore import Entry, RunStore

__all__ = ["Entry", "Journal", "RunStore"]
