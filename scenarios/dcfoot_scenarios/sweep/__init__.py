"""A sweep: one scenario of a study at many points, over lists and ranges of its keys or at Sobol's samples of them.

`run.sweep` is the door; `keys` is what a study says of it. Points have an order, each is computed alone or in a batch
with the same result, and whoever computes them (this process, a cluster, a second try) leaves the same files.
"""
