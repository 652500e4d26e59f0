"""The receipt: what a run cost, on which rungs, known how well, from which sources.

`build.receipt` makes the JSON of the contract (``dcfoot.receipt/1``) from a measurement and its footprint; everything
else reads that JSON only, so that a receipt from a file looks like a fresh one.

==============  ==================================================================================
`contract`      the JSON as types; ``schema.json`` is the same as a JSON Schema
`build`         measurement and footprint to JSON
`reader`        that JSON as a file, and back
`equivalents`   amounts in things that a person knows, with sources
`view`          every figure in words, before any layout; English and Chinese from `words`
`sentences`     Chinese for the model's own notes and warnings
`text`          the terminal
`markdown`      a report
`html`          one page without outside resources
`advice`        the one thing to do next
`scale`         units and digits
`layout`        widths, wrapping, tables
==============  ==================================================================================

To add a rendering: write a module with ``render(receipt, *, lang) -> str`` that lays out a `view.View`.
"""
