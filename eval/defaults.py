"""What holds if nothing else is said. By itself, for every command reads it when it starts."""

TOP_K = 10
"""How many passages are looked at, and ranked."""
