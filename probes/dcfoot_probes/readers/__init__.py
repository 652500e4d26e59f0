"""Meters that another program of this machine reads already and tells in Prometheus' text.

`reader` is the probe, `page` asks for the text, `words` are what its parts share, `here` is what is known of this
machine, `chips` are processors and memory whoever tells of them. One file an exporter says what its metrics mean:
`dcgm_exporter`, `node_exporter`, `kepler`, `scaphandre`.
"""
