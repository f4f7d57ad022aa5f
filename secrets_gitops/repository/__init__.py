"""The repository: its files as a snapshot, its creation rules and settings, git run safely, files replaced safely."""
