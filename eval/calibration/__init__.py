"""When to answer, fitted on gold questions, with what that can promise."""
