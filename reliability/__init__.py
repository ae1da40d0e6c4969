"""What the reliability claims rest on: campaigns against real processes, small in the suite, large before a release."""
