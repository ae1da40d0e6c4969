"""The composition root: settings in, a running Filmgate out."""
