"""Web pages: from their bytes to the blocks of their content."""
