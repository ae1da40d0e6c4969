"""Secrets on disk, encrypted columns and signed URLs."""
