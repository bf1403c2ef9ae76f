"""Does a text answer a question, and with which words? A small cross-encoder says so."""
