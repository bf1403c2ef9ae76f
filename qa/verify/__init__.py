"""Is an answer still true of the documents?"""
