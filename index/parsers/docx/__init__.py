"""Word documents: the package, its styles and lists, and its body as blocks."""
