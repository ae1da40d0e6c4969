"""What is drawn on a terminal: progress bars and tables."""
