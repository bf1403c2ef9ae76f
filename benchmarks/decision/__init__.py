"""Fitting what decides: which unit is quoted, which passage comes first, whether to answer."""
