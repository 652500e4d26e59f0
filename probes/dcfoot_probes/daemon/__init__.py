"""The daemon: reads the probes of a server around the clock, says who used the energy, keeps it, and tells others.

Every tick becomes a `Frame`: what each channel took, how that is divided among those who used it, how devices and
probes are doing. Frames go to the store and into the totals; everything that speaks to others reads a `Snapshot` of the
totals, and so never waits for a probe or a disk.

==============  ==================================================================================
`words`         the types that the parts share
`supervisor`    reads each probe in a thread of its own; what hangs or fails is isolated and tried again
`channels`      from readings to what each channel took, each joule once
`counted`       what every meter has counted, reading by reading, for clients
`demand`        readings between two ticks, for whoever wants a moment exactly
`loop`          the beat: one frame a tick
`units`         who used the processors and devices in a tick
`split`         divides a device's energy among them
`waste`         accelerators that did nothing for anybody
`totals`        frames added up by channel and unit
`ladder`        from chips to the grid, minute by minute
`snapshots`     what is known now, for whoever asks
`http`          the page, the API and the metrics over HTTP
`speaking`      that and what is sent, as the settings ask for it
`service`       the daemon put together; signals, reload, the lease
`systemd`       what the service manager and its journal understand
`store`         frames on disk: one writer, readers beside it
==============  ==================================================================================
"""
