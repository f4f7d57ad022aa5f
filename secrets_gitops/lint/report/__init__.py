"""What a scan says: `text` for people and editors, `json` and `sarif` for programs. Never a part of a value."""
