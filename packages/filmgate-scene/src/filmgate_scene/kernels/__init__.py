"""Per-pixel loops in machine code, without any policy. They release the GIL while they run.

The code uses single precision (a bare ``0.5`` would widen a loop to doubles), unsigned indices and row slices (a
signed index adds a wrap-around branch): each is worth a factor of two to four.
"""
