"""How documents, vectors and snapshots lie on disk."""
