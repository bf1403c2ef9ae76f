"""Public sets, each read, indexed in a store of its own, and asked in one of three ways."""
