"""One custom resource → the Secrets it stands for; push and pull share this code."""
