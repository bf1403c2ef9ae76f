"""All that answers, not only the best of it: rows by their fields, all else by reading."""
