"""`python -m secrets_gitops` is the command line."""

from secrets_gitops.cli.main import main

main()
