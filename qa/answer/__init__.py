"""From what was read to an answer: how likely it answers, and with which words."""
