"""A story of commands: each is shown and really run, and no value that was made for it is ever printed."""

from __future__ import annotations

import base64
import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FOREIGN = ("SOPS_", "SECRETS_GITOPS_", "SEALED_SECRETS_", "GIT_", "AGE_", "VAULT_", "BAO_", "KUBE", "POD_")
"""Variables of the user that the demo must not see."""


class Untrue(Exception):
    """The story is not true: a command did not do what was told."""


class Story:
    """Shows commands, runs them, and never prints a value that was made for the story."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.repository = folder / "fleet"
        self.values: list[str] = []
        self.hidden: list[str] = []
        self.controller: subprocess.Popen[bytes] | None = None
        self.log = folder / "controller.log"
        home = folder / "home"
        for made in (home, self.repository):
            made.mkdir()
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        path = [str(Path(sys.executable).parent), str(programs), os.environ["PATH"]]
        self.env |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "PATH": os.pathsep.join(path)}
        self.env |= {"NO_COLOR": "1", "GIT_CONFIG_NOSYSTEM": "1", "GIT_PAGER": "cat"}

    def value(self) -> str:
        """A new secret value, which no output may contain."""
        self.values.append(secrets.token_urlsafe(18))
        return self.values[-1]

    def tell(self, *lines: str) -> None:
        print("\n" + "\n".join(f"# {line}" for line in lines), flush=True)

    def run(self, command: str, *, refused: bool = False) -> str:
        """Show one command and run it; it must succeed, or be refused where that is the story."""
        print(f"\n$ {command}", flush=True)
        done = self._do(command)
        print(done.stdout, end="", flush=True)
        if (done.returncode != 0) != refused:
            raise Untrue(f"the last command ended with {done.returncode}")
        return done.stdout

    def quietly(self, command: str) -> str:
        """A command that is not part of the story."""
        done = self._do(command)
        if done.returncode:
            raise Untrue(f"{command}: {done.stdout}")
        return done.stdout

    def run_with_value(self, command: str) -> None:
        """Run a command that reads a new value from `../value`."""
        value = self.folder / "value"
        value.write_text(self.value())
        self.run(command)
        value.unlink()

    def write(self, path: str, text: str) -> None:
        file = self.repository / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def until(self, what: str, holds: Callable[[], bool], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end or (self.controller and self.controller.poll() is not None):
                self.hide(log := self.log.read_text() if self.log.exists() else "")
                raise Untrue(f"{what} did not happen; the controller's log ends with\n{log[-1500:]}")
            time.sleep(0.1)

    def hide(self, text: str) -> None:
        """Raise Untrue when a value stands in this text, as it is or as Secrets have it."""
        values = [*self.values, *self.hidden]
        if any(value in text or base64.b64encode(value.encode()).decode() in text for value in values):
            raise Untrue("a value was about to be printed")

    def secrets(self, names: str, *, beside: str = "") -> None:
        """Show Secrets of the cluster by names, sizes and fingerprints, below those that a file holds."""
        first = f"cat {beside}; " if beside else ""
        each = f"for name in {names}; do echo ---; kubectl get secret $name -o yaml; done"
        if " " not in names:
            each = f"echo ---; kubectl get secret {names} -o yaml"
        self.run(f"{{ {first}{each}; }} | secrets-gitops render --redact -")

    def check(self, name: str, key: str, number: int) -> None:
        """Whether the Secret holds the value of that number, which nobody sees."""
        command = ["kubectl", "get", "secret", name, "-o", f'go-template={{{{index .data "{key}"}}}}']
        done = subprocess.run(command, env=self.env, capture_output=True, check=True, timeout=60)
        if base64.b64decode(done.stdout).decode() != self.values[number]:
            raise Untrue(f"the Secret {name} holds another value")

    def renew_key(self) -> None:
        assert self.controller
        print("\n$ kill -USR1 $!", flush=True)
        self.controller.send_signal(signal.SIGUSR1)

    def end_controller(self) -> None:
        print("\n$ kill $! && wait $!", flush=True)
        self.hide(self.log.read_text())
        if (status := self.stop_controller()) != 0:
            raise Untrue(f"the controller ended with {status}")

    def start_controller(self, words: str) -> None:
        print(f"\n$ {words} > ../controller.log 2>&1 &", flush=True)
        env = {name: value for name, value in self.env.items() if name != "KUBECONFIG" and not name.startswith("BAO_")}
        *settings, rest = words.split(" ", 2)
        env |= dict(setting.split("=", 1) for setting in settings)
        with self.log.open("wb") as log:
            self.controller = subprocess.Popen(
                shlex.split(rest), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd=self.repository
            )

    def stop_controller(self) -> int | None:
        """Its exit status; None when it does not run."""
        process, self.controller = self.controller, None
        if process is None:
            return None
        process.terminate()
        try:
            return process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def _do(self, command: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.env,
            cwd=self.repository,
            timeout=120,
            check=False,
        )
        self.hide(done.stdout)
        return done
