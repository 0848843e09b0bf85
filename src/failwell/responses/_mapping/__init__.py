"""From any exception to the error that it is answered with: the one table."""
