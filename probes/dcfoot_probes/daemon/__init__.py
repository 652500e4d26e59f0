"""The daemon: reads the probes of a server around the clock, says who used the energy, keeps it, and tells others.

Every tick becomes a `Frame`: what each channel took, how that is divided among those who used it, how devices and
probes are doing. Frames go to the store and into the totals; everything that speaks to others reads a `Snapshot` of the
totals, and so never waits for a probe or a disk.

==============  ==================================================================================
`words`         the types that the parts share
`store`         frames on disk: one writer, readers beside it
==============  ==================================================================================
"""
