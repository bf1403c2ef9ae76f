"""Why not this passage? At which stage of a question an expected quote was lost."""
