"""What a cluster needs before the controller can run in it: definitions of kinds, rights, and the workload itself."""
