"""Runs our CI files as their hosts would, as far as it matters: inputs, variables, shells, files for outputs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = Path(__file__).resolve().parent / "vectors" / "schemas"


def schema(name: str) -> dict:
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))


def clone(folder: Path, files: dict[str, str]) -> Path:
    """A shallow clone, as hosts make it, of a repository with `files`."""
    origin = folder / "origin"
    origin.mkdir()
    for path, text in files.items():
        (origin / path).parent.mkdir(parents=True, exist_ok=True)
        (origin / path).write_text(text, encoding="utf-8")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", *arguments], cwd=origin, check=True, capture_output=True)
    work = folder / "work"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{origin}", work], check=True, capture_output=True)
    return work


def path_with_us() -> str:
    """PATH of a machine that has our command."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


class Runner:
    """GitHub's runner for a composite action: expressions, `GITHUB_OUTPUT`, `shell: bash`, `if: always()`."""

    def __init__(self, work: Path, folder: Path, action: Path = ROOT) -> None:
        self.work = work
        self.temp = folder / "runner temp"  # a blank, as macOS has it
        self.temp.mkdir()
        self.action = action
        self.tree = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
        self.outputs: dict[str, dict[str, str]] = {}
        self.summary = self.temp / "summary"
        self.summary.touch()

    def run(self, *, env: dict[str, str] | None = None, **inputs: str) -> tuple[int, str]:
        """Run the action with `inputs`; exit code and log. `_` stands for the dash in a name."""
        given = {name: item.get("default", "") for name, item in self.tree["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        given["token"] = "token-of-the-job"
        code, log = 0, ""
        for step in self.tree["runs"]["steps"]:
            condition = step.get("if", "success()")
            if code and "always()" not in condition:
                continue
            if not self._holds(condition, given):
                continue
            done = self._step(step, given, env or {})
            log += done.stdout.decode() + done.stderr.decode()
            code = code or done.returncode
        return code, log

    def output(self, name: str) -> str:
        """An output of the action."""
        return self._expanded(self.tree["outputs"][name]["value"], {})

    def _step(self, step: dict, given: dict[str, str], env: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an expression in a script can become a part of it"
        script, output = self.temp / "script.sh", self.temp / "output"
        script.write_text(step["run"], encoding="utf-8")
        output.write_text("")
        variables = {name: self._expanded(value, given) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
            cwd=self.work, capture_output=True, timeout=300, check=False,
            env={
                **os.environ, "PATH": path_with_us(), "GITHUB_ACTION_PATH": str(self.action), "GITHUB_ACTIONS": "true",
                "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.summary), "RUNNER_TEMP": str(self.temp),
                "GITHUB_WORKSPACE": str(self.work), "GITHUB_REPOSITORY": "shop/gitops", "GITHUB_SHA": "a" * 40,
                "GITHUB_REF": 'refs/heads/a"b', **variables, **env,
            },
        )  # fmt: skip
        self.outputs[step.get("id", "")] = dict(
            line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines()
        )
        return done

    def _holds(self, condition: str, given: dict[str, str]) -> bool:
        for part in condition.split(" && "):
            if part in {"always()", "success()"}:
                continue
            left, operator, right = re.fullmatch(r"(\S+) (==|!=) '(.*)'", part).groups()
            if (self._value(left, given) == right) != (operator == "=="):
                return False
        return True

    def _expanded(self, text: str, given: dict[str, str]) -> str:
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: self._value(found[1], given), str(text))

    def _value(self, expression: str, given: dict[str, str]) -> str:
        kind, *names = expression.split(".")
        if kind == "inputs":
            return given[names[0]]
        assert (kind, names[1]) == ("steps", "outputs"), expression
        return self.outputs.get(names[0], {}).get(names[2], "")
