"""Dialects: bytes and dicts to values and back, pure."""
