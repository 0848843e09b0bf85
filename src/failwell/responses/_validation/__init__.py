"""What validation libraries find wrong with an input, in one shape."""
