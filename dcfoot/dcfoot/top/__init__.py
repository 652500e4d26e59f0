"""``dcfoot top``: a running daemon on a terminal.

`told` is what the daemon says, `history` its powers of the last minutes, `look` what the person at the terminal chose;
`screen.frame` makes lines of the three. It knows no terminal, so that `app`, which needs textual, and a plain frame
without it show the same.
"""
