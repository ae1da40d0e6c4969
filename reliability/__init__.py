"""Reliability campaigns against real processes: small in the test suite, large before a release."""
