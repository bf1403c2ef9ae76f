"""A store in a folder: SQLite for rows, files for arrays."""
