"""Search by words and by vectors over arrays."""
