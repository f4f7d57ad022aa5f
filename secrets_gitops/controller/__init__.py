"""The in-cluster process: watches custom resources and keeps the Secrets that they stand for."""
