"""From a question as it is asked to what is searched for."""
