"""The official SDK: only the base URL and the key differ (or set OPENAI_BASE_URL and OPENAI_API_KEY)."""

from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="fg-…")
video = client.videos.create_and_poll(prompt="A dog on a beach at sunset", seconds="4")
client.videos.download_content(video.id).write_to_file("dog.mp4")
