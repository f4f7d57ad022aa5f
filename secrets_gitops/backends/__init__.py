"""Secret stores: what can fetch a value by its path, in batches, each behind the same protocol."""
