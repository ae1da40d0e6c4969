"""What a command line, a profile and a file say, as values."""
