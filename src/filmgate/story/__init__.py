"""One film of many shots: the last frame of one may begin the next."""
