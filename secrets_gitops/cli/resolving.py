"""What `get`, `exec` and `render` share: their options, and the fetcher, resolver and keys that these describe."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import click

from secrets_gitops.cli.options import identity_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from secrets_gitops.deadline import Deadline
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.references.fetcher import Fetcher
    from secrets_gitops.references.resolve import Resolver

TIMEOUT = 50.0
"""Seconds for the whole command: below the 60 that Argo CD gives a plugin."""


@dataclass(frozen=True)
class Resolving:
    """How references are to be resolved on this command line. Nothing is opened or read before it is asked for."""

    identities: tuple[str, ...]
    allow_outside: bool
    timeout: float

    @cached_property
    def deadline(self) -> Deadline:
        """One for the whole command."""
        from secrets_gitops.deadline import Deadline

        return Deadline(self.timeout)

    @cached_property
    def root(self) -> str:
        """The repository around the working directory, or that directory: files outside of it are not read."""
        from secrets_gitops.repository.git import root_of

        return root_of(os.getcwd()) or os.getcwd()

    @cached_property
    def keyring(self) -> Keyring:
        """The keys that sops would find, and those of `--identity`."""
        from secrets_gitops.keys.keyring import Keyring

        return Keyring.local(self.identities, deadline=self.deadline)

    @cached_property
    def fetcher(self) -> Fetcher:
        """One for the whole command, over the backends of the catalogue."""
        from secrets_gitops.backends.backend import Surroundings
        from secrets_gitops.references.fetcher import Fetcher

        surroundings = Surroundings(
            environ=os.environ,
            directory=os.getcwd(),
            root=self.root,
            allow_outside=self.allow_outside,
            keyring=lambda: self.keyring,
        )
        return Fetcher.local(surroundings, self.deadline)

    def resolver(self, *, keep_secretref: bool = False) -> Resolver:
        """A resolver over that fetcher."""
        from secrets_gitops.references.resolve import Resolver

        return Resolver(self.fetcher, os.environ, keep_secretref=keep_secretref)


def resolving_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command takes `identities`, `allow_outside` and `timeout`."""
    for option in (
        click.option(
            "--timeout", type=click.FloatRange(min=0.1), default=TIMEOUT, show_default=True, metavar="SECONDS",
            help="Give up when the whole command takes longer.",
        ),
        click.option("--allow-outside", is_flag=True, help="Let references name files outside the repository."),
        identity_option,
    ):  # fmt: skip
        function = option(function)
    return function
