"""Gold questions in, measures out: how well does an engine answer, cite and abstain?"""
