"""Filmgate's own SDK: one idempotency key for all retries, long polls, complete files or none."""

from filmgate import Client

client = Client(base_url="http://127.0.0.1:8000/v1", api_key="fg-…")
video = client.generate("A dog on a beach at sunset", seconds="4")
video.wait(timeout=600, on_progress=lambda now: print(now.status, now.progress))
video.save("dog.mp4")
