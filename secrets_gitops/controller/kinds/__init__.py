"""One adapter per custom resource: what it wants, and how its failures are told."""
