"""How good the check of written sentences is, on sentences of which it is known what says them."""
