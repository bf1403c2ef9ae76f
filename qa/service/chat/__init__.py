"""Chat completions as OpenAI's clients speak them, answered with quotes from the documents."""
