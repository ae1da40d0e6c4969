"""The use cases, named like the SDK; the server and the embedded mode call them."""
