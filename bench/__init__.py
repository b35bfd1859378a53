"""What is fast, measured: each module prints a table."""
