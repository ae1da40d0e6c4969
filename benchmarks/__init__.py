"""Benchmarks: our figure, a reference's figure, and the ratio, side by side in one run."""
