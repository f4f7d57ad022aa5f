"""The command group: a table of names and one-line help; a command's module is imported when it is called.

`--version` is answered before click is imported. `run` is the one place where an error becomes an exit code.
"""

from __future__ import annotations

import gc
import os
import sys

from secrets_gitops import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    import click

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Make this repository ready: rules, settings, hooks"),
    "keys": ("keys", "Make and list the keys that open files"),
    "encrypt": ("encrypt", "Encrypt files as their creation rules say"),
    "decrypt": ("decrypt", "Print or write the plaintext of encrypted files"),
    "edit": ("edit", "Change an encrypted file in an editor"),
    "set": ("set", "Change one value of an encrypted file"),
    "unset": ("unset", "Remove one value of an encrypted file"),
    "updatekeys": ("updatekeys", "Give files the recipients that their rules name"),
    "rotate": ("rotate", "Give files a new data key, and let recipients in or out"),
    "revoke": ("revoke", "Take a recipient out of every file, and say what must be changed besides"),
    "inventory": ("inventory", "List encrypted files: recipients, rule, age, state"),
    "push": ("push", "Take encrypted files where destination rules say: a bucket, Vault"),
    "verify": ("verify", "Check that files open and that their MAC fits"),
    "explain": ("explain", "Say which rule, keys and selector apply to a file, and why it opens or not"),
    "seal": ("seal", "Turn Secrets into SealedSecrets with a certificate"),
    "unseal": ("unseal", "Turn SealedSecrets into Secrets with private keys"),
    "cert": ("cert", "Pin and list sealing certificates"),
    "get": ("get", "Print the value that a reference stands for"),
    "exec": ("exec", "Run a command with references in its environment resolved"),
    "render": ("render", "Turn manifests into what the cluster should get"),
    "lint": ("lint", "Find plaintext secrets and broken encryption"),
    "baseline": ("baseline", "Keep the findings that do not count, by fingerprint"),
    "config": ("config", "Show and check the settings of this repository"),
    "doctor": ("doctor", "Say what is not set up here, or would not work in silence"),
    "controller": ("controller", "Run, install and look at the controller that makes Secrets of custom resources"),
    "git": ("git", "Install the git hooks"),
    "sops": ("sops", "Take the command line of sops"),
}
"""Command name → (module under `cli`, one-line help)."""


def group() -> click.Group:
    """The click group; commands stay unimported until they are asked for."""
    import click

    from secrets_gitops.cli.lazy import LazyGroup

    version = click.version_option(__version__, message="secrets-gitops %(version)s", help="Print the version.")
    return version(
        LazyGroup(
            "secrets-gitops",
            COMMANDS,
            help="Secrets in GitOps repositories: encrypt before commit, refuse plaintext, resolve at apply time.",
        )
    )


def run(arguments: list[str]) -> int:
    """Carry out one command line and return its exit code. Errors of ours are printed; others are our bug: 5."""
    import click

    from secrets_gitops.cli import console
    from secrets_gitops.errors import Error

    try:
        code = group().main(args=arguments, prog_name="secrets-gitops", standalone_mode=False)
    except Error as error:
        console.show(error)
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        console.note("interrupted")
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        from secrets_gitops.cli.lazy import usage_error

        console.show(usage_error(error))
        return 2
    except BrokenPipeError:
        _forget_unwritten()  # the reader went away
        return 3
    except OSError as error:
        from secrets_gitops.cli.os_errors import translated

        console.show(translated(error))
        _forget_unwritten()
        return 3
    except Exception as error:  # noqa: BLE001  the last door: a bug ends here, told apart from every expected error
        from secrets_gitops.cli.bug_report import report

        report(error)
        return 5
    return code if isinstance(code, int) else 0


def _forget_unwritten() -> None:
    """What could not be written must not be flushed again at exit, which would end in another exit code."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Entry point of `secrets-gitops` and `sgo`."""
    arguments = sys.argv[1:]
    if sys.stdout is None or sys.stderr is None:
        from secrets_gitops import streams

        streams.complete(data=True)
    if arguments[:1] != ["controller"]:  # the others end soon, and looking for cycles takes a third of their time
        gc.set_threshold(1_000_000)
    if arguments[:1] == ["sops"] or os.path.basename(sys.argv[0]) == "sops":
        from secrets_gitops.cli.drop_in import sops

        sops.main()
    if arguments == ["--version"]:
        sys.stdout.write(f"secrets-gitops {__version__}\n")
        return
    from secrets_gitops.cli import interrupts

    interrupts.become_exceptions()
    sys.exit(run(arguments))
