"""API calls by kind of server: Filmgate, vendors, chat completions."""
