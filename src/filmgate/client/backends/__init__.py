"""How each kind of server is called: Filmgate itself, vendors, chat completions."""
