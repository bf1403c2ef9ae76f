"""How much of all that answers is listed, and how much of what is listed answers."""
