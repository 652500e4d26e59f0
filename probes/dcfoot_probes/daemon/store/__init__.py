"""The store of frames: one file that one thread writes and anybody reads, small enough to keep a year of ticks.

==============  ==================================================================================
`framestore`    takes frames without waiting, and the thread that writes them
`reader`        powers over time, energy of a window, whose it was
`backup`        a copy of a store that is being written
`export`        Parquet by day and host
`batch`         frames in memory until the disk has them
`disk`          the file, whatever happens to it: full, broken, damaged
`ballast`       room on the disk for when it is full
`writing`       a batch into the tables
`sealing`       ticks into blocks, minutes into days; retention
`samples`       ticks, minutes and hours out of the tables
`days`          a channel's day by the minute
`names`         numbers that stand for channels, gauges and owners
`schema`        the tables, their versions, connections
`codec`         columns of numbers in few bytes
==============  ==================================================================================
"""

from dcfoot_probes.daemon.store.backup import backup
from dcfoot_probes.daemon.store.framestore import FrameStore
from dcfoot_probes.daemon.store.reader import FrameReader
from dcfoot_probes.daemon.store.sealing import Retention

__all__ = ["FrameReader", "FrameStore", "Retention", "backup"]
