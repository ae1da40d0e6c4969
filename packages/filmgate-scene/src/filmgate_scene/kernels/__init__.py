"""Per-pixel loops in machine code; no policy. Everything here runs without the interpreter's lock.

Written for single precision (a bare ``0.5`` would widen a loop to doubles) and for unsigned indices and row slices
(a signed index adds a wrap-around branch): each is worth a factor of two to four.
"""
