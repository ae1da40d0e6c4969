"""The embedded renderer: a procedural animatic from a prompt, offline."""
