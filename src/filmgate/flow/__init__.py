"""Durable workflow of a video: the only loops, sleeps and deadlines of Filmgate.

Import from the modules directly: some are needed by commands that run no workflow, and importing all of them is slow.
"""
