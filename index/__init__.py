"""Documents in, a searchable snapshot out: read, chunk, embed, store, publish."""
