"""The public kit for testing clients, engines and storages."""
