"""What the daemon serves over HTTP: metrics, plain JSON, a stream of ticks, and a page for people.

==========  ============================================================================
`listen`    where it listens: on loopback, or elsewhere with a token and TLS
`local`     the same on a Unix socket, whose permissions say who may ask
`door`      who may ask
`now`       a `Snapshot` as plain values
`meters`    every meter as a counter, as plain values
`history`   what the store knows of a window, as plain values
`sources`   what replies are made of
`replies`   which request gets which reply: a function, without a socket
`ticks`     tells those who wait that a tick has passed
`server`    the same on a socket, with bounds on whatever a client can take
==========  ============================================================================

Whoever asks can read and nothing else: there is no request that changes anything. The server is the standard library's:
starlette and uvicorn take 22 MB of memory more, half of what the whole daemon may have.
"""
