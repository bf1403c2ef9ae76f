"""A run for people and for programs: at the terminal, and as eval.html, eval.md and eval.json."""
