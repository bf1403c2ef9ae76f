"""The Model Context Protocol: asking, reading and checking as tools for language models."""
