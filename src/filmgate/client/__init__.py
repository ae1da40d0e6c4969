"""The SDK: a client of any server that speaks the API."""
