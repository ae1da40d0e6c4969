"""Rows: accounts, keys, videos, ledger and outbox in SQL."""
