"""The routes, each beside the JSON forms that it takes and gives."""
