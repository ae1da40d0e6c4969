"""The durable flow of a video, and every loop, sleep and deadline."""
