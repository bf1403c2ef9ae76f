"""EPUB books: what their package says of them, and their text."""
