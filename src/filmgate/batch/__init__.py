"""Batches and stories: many videos from one file, one row each, none submitted twice, none missed."""
