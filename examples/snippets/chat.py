"""A video from a chat call, with its progress as text."""

from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="fg-…")
stream = client.chat.completions.create(
    model="sora-2-hd-10s-chat",
    messages=[{"role": "user", "content": "横屏：一只金毛犬在海滩上奔跑"}],
    stream=True,
)
for chunk in stream:
    print(chunk.choices[0].delta.content or "", end="", flush=True)
