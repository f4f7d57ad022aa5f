"""A synchronous client of the Kubernetes API: one request, a reflector, a Lease, events."""
