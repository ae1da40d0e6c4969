"""What settings are made of: sky, water, ground, terrain, ridges, foliage, crowds of particles."""
