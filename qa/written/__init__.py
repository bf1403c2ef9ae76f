"""Answers that a language model writes: each sentence is shown only if what it cites says it."""
