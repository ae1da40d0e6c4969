"""More of the SDK: resume a video, its images, lists, errors with their ids."""

from filmgate import Client, errors
from filmgate.client import Video

with Client(base_url="http://127.0.0.1:8000/v1", api_key="fg-…") as client:
    # Create a video and keep its id: everything else can be done later, by another program.
    video_id = client.generate("A dog on a beach at sunset", size="1280x720", seconds=4).id

    # Resume. save() continues an interrupted download and leaves a complete file or none.
    video = Video.from_id(video_id, client)
    for update in video.events():
        print(update.status, update.progress, update.position, update.eta_seconds)
    video.save("dog.mp4", force=True)
    video.save("dog.webp", variant="thumbnail", force=True)

    # A video from a video.
    again = client.videos.remix(video_id, "at night, in the rain").wait(timeout=600)
    print(again.id, "is a remix of", again.remixed_from_video_id)

    # Every video of this key, page after page.
    for listed in client.videos.list(limit=50):
        print(listed.id, listed.status, listed.prompt)

    # Errors are classes; each has the video's id and the request's id.
    try:
        client.generate("A dog", seconds=5)
    except errors.InvalidValue as error:
        print(error.param, error.message, error.request_id)
    try:
        client.videos.retrieve("video_none")
    except errors.VideoNotFound as error:
        print(error.video_id, error.request_id)
