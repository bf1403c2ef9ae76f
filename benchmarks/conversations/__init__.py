"""How well follow-up questions are answered, and how well changes of topic are told from them."""
