"""Films and pictures as files: boxes, encoding, derived pictures, image intake."""
