"""Documents: text with a tree laid over it. Read once, change by splicing text into spans, never serialise again."""
