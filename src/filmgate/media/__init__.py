"""Video and image files: MP4 boxes, encoding, derived images, image ingest."""
