"""From a question to candidates: by vectors and by words, fused, near-duplicates folded."""
