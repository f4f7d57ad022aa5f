"""`dotenv-secret`: an environment file is committed with a secret in it."""

from __future__ import annotations

from secrets_gitops.lint.assignment_rule import AssignmentRule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.finding import Severity


class DotenvSecret(AssignmentRule):
    """`.env` and its kin. Files that only show what is needed (`.env.example`) are left to the rules about tokens."""

    id = "dotenv-secret"
    alias = "SG601"
    severity: Severity = "high"
    summary = "an environment file (`.env`, `app.env`, `.env.production`) holds a plaintext secret"
    why = "Environment files are made to stay on one machine; in git everybody who can read the repository has them."
    fix = "`secrets-gitops encrypt -i PATH`, or take PATH out of git and name it in .gitignore"
    kinds: frozenset[Kind] = frozenset({"dotenv"})


RULE = DotenvSecret()
