"""Use cases, named like the SDK; called by the server and by the embedded mode."""
