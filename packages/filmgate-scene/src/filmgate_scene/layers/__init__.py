"""Building blocks of settings: sky, water, ground, terrain, ridges, foliage, particles."""
