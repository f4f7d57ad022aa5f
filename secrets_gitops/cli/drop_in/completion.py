"""`sops completion`, and what the scripts ask for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from secrets_gitops.cli import console
from secrets_gitops.cli.drop_in.exit_codes import CANNOT_WRITE, Stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secrets_gitops.cli.drop_in.arguments import Arguments
    from secrets_gitops.cli.drop_in.session import Session

FLAGS = ()

_BASH = """\
_sops_words() {
  local word="${COMP_WORDS[COMP_CWORD]}" last=("")
  [[ $word == -* ]] && last=("$word") || last=()
  COMPREPLY=($(compgen -W "$("${COMP_WORDS[@]:0:COMP_CWORD}" "${last[@]}" --generate-bash-completion)" -- "$word"))
}
complete -o bashdefault -o default -F _sops_words sops
"""
_ZSH = """\
#compdef sops
_sops_words() {
  local -a found
  local word=${words[CURRENT]}
  if [[ $word == -* ]]; then
    found=("${(@f)$(${words[1,CURRENT-1]} $word --generate-bash-completion)}")
  else
    found=("${(@f)$(${words[1,CURRENT-1]} --generate-bash-completion)}")
  fi
  if [[ -n ${found[1]} ]]; then
    _describe 'words' found
  else
    _files
  fi
}
compdef _sops_words sops
"""
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH}


def run(here: Session, given: Arguments) -> int:  # noqa: ARG001  every command has this form
    """Print the script for a shell."""
    from secrets_gitops.cli.drop_in import help_text

    shell = given.positional[0] if given.positional else ""
    if not shell:
        console.write(help_text.command("completion", ()))
        return 0
    if shell not in _SCRIPTS:
        raise Stop(CANNOT_WRITE, f"there is no script for `{shell}`", hints=("there is one for bash and one for zsh",))
    console.write(_SCRIPTS[shell])
    return 0


def words(before: Sequence[str]) -> str:
    """What can stand next, a word a line: commands, or the flags of the command where a flag was begun."""
    from secrets_gitops.cli.drop_in import old_style
    from secrets_gitops.cli.drop_in.sops import COMMANDS

    plain = [word for word in before if not word.startswith("-")]
    name = next((name for name in (" ".join(plain[:2]), *plain[:1]) if name in COMMANDS), "")
    if before and before[-1].startswith("-"):
        module = importlib.import_module(f"secrets_gitops.cli.drop_in.{COMMANDS[name][0]}") if name else old_style
        return "".join(f"--{flag.name}\n" for flag in module.FLAGS)
    if not plain:
        return "".join(f"{one}\n" for one in dict.fromkeys(one.split()[0] for one in COMMANDS))
    return "".join(f"{one.split()[1]}\n" for one in COMMANDS if one.split()[:-1] == plain)
