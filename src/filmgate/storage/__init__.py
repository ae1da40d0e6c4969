"""Bytes: where films and pictures lie."""
