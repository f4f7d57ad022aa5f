"""References: text in a document that stands for a value kept in a backend; found, fetched, put in place."""
