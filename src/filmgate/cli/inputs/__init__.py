"""Inputs of commands: prompts, profiles, file names, and the checks on them."""
