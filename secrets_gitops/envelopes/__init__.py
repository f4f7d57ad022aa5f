"""Ways to close a document so that only some keys can open it."""
