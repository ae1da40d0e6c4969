"""The durable flow of a video: the only loops, sleeps and deadlines of Filmgate.

Import from its modules: some are needed by commands that run no flow, and the whole is large.
"""
