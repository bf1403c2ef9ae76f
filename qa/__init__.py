"""Questions in, cited answers out: search, collapse, choose evidence, answer or abstain."""
