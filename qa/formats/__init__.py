"""The forms of an answer: JSON, for a terminal, as text with markers."""
