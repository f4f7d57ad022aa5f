"""Reference languages: each finds and splits its references in a string, and knows no backend."""
