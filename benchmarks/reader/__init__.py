"""How well the reader ranks passages and tells what is answered, beside retrieval alone."""
