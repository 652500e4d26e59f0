"""The studio: a page on this machine on which a scenario is moved and answered while it is moved.

`begin`    what the page begins with: controls, words, sites, the scenarios of the library
`answer`   keys of a study in, figures and charts out; a pure function
`service`  which request gets which reply, and who may ask
`server`   the same on a socket of 127.0.0.1

The page itself is ``studio.html``, ``studio.css`` and ``studio.js``: plain, without anybody else's code. It holds the
state, which is a study; the program holds none.
"""
