"""What falls, drifts and hangs in the air: one file, one weather."""
