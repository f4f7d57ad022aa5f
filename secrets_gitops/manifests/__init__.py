"""Kubernetes objects as typed views of plain trees: read once, checked by name, written in the layout of kubectl."""
