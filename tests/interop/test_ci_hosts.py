"""The action, the component and the examples for CI hosts: valid for their hosts, and doing what they are for."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import yaml
from ci_hosts import ROOT, Runner, clone, path_with_us, schema

from secrets_gitops import __version__

PASSWORD = "Kq7!vLm2#Zt9wXb"
LEAK = f"kind: Secret\nmetadata: {{name: db, namespace: shop}}\nstringData:\n  password: {PASSWORD}\n"
CLEAN = "kind: ConfigMap\nmetadata: {name: db}\ndata:\n  host: db.example.org\n"
US = f"{os.path.dirname(sys.executable)}/secrets-gitops"


@pytest.fixture
def leaky(tmp_path):
    return clone(tmp_path, {"apps/db.yaml": LEAK, "apps/web.yaml": CLEAN})


@pytest.fixture
def clean(tmp_path):
    return clone(tmp_path, {"apps/web.yaml": CLEAN})


class TestAction:
    """`action.yml`, a composite action of GitHub."""

    def test_it_is_what_github_reads(self):
        tree = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        jsonschema.validate(tree, schema("github-actions.json"))
        assert all("uses" not in step for step in tree["runs"]["steps"]), "nobody else's code"

    def test_a_leak_fails_the_job_with_annotation_summary_and_report(self, leaky, tmp_path):
        runner = Runner(leaky, tmp_path)
        code, log = runner.run(command="secrets-gitops")
        assert code == 1
        assert "apps/db.yaml:4:3: k8s-secret-plaintext: " in log
        assert re.search(r"^::error file=apps/db\.yaml,line=4,.*title=k8s-secret-plaintext::", log, flags=re.MULTILINE)
        assert runner.output("exit-code") == "1"
        summary = runner.summary.read_text(encoding="utf-8")
        assert summary.startswith("## secrets-gitops: refused\n")
        with open(runner.output("sarif"), encoding="utf-8") as file:
            (result,) = json.load(file)["runs"][0]["results"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "apps/db.yaml"
        assert PASSWORD not in log + summary + json.dumps(result)

    def test_a_clean_repository_passes(self, clean, tmp_path):
        runner = Runner(clean, tmp_path)
        code, log = runner.run(command="secrets-gitops")
        assert code == 0
        assert "::" not in log
        assert runner.output("exit-code") == "0"
        assert "passed" in runner.summary.read_text(encoding="utf-8")

    def test_inputs_say_what_and_how(self, leaky, tmp_path):
        runner = Runner(leaky, tmp_path)
        assert runner.run(command="secrets-gitops", paths="apps/web.yaml\n")[0] == 0
        assert runner.run(command="secrets-gitops", fail_on="critical")[0] == 0
        assert (
            runner.run(command="secrets-gitops", arguments="--disable\nk8s-secret-plaintext\n--rule=private-key")[0]
            == 0
        )

    def test_annotations_and_summary_can_be_left_out(self, leaky, tmp_path):
        runner = Runner(leaky, tmp_path)
        code, log = runner.run(command="secrets-gitops", annotations="false", summary="false")
        assert code == 1
        assert "::error" not in log
        assert runner.summary.read_text(encoding="utf-8") == ""

    def test_an_incomplete_scan_fails_and_reports_all_the_same(self, leaky, tmp_path):
        runner = Runner(leaky, tmp_path)
        code, log = runner.run(command="secrets-gitops", arguments="--max-bytes=20")
        assert code == 3
        assert "title=scan-skipped::" in log
        assert "the scan is incomplete" in runner.summary.read_text(encoding="utf-8")
        assert runner.output("sarif")

    def test_wrong_settings_are_no_clean_scan(self, clean, tmp_path):
        runner = Runner(clean, tmp_path)
        assert runner.run(command="secrets-gitops", arguments="--no-such-option")[0] == 2
        assert runner.output("exit-code") == "2"
        assert runner.output("sarif") == ""
        code, log = runner.run(command="no-such-program")
        assert code == 2
        assert "names no program" in log

    def test_an_input_is_no_script(self, leaky, tmp_path):
        runner = Runner(leaky, tmp_path)
        evil = '$(touch pwned)`touch pwned`"; touch pwned; echo "\n--\n;touch pwned'
        for name in ("paths", "fail_on", "arguments", "annotations", "summary"):
            code, _ = runner.run(command="secrets-gitops", **{name: evil})
            assert code != 0
        runner.run(command=evil)
        assert not (leaky / "pwned").exists()

    def test_the_report_goes_to_code_scanning_when_asked(self, leaky, tmp_path):
        """With `gh`, which runners have; here it writes down what it is given."""
        tools = tmp_path / "tools"
        tools.mkdir()
        (tools / "gh").write_text(f'#!/bin/sh\necho "$GH_TOKEN $*" > {tmp_path}/called\ncat > {tmp_path}/sent\n')
        (tools / "gh").chmod(0o755)
        path = {"PATH": f"{tools}:{path_with_us()}"}
        runner = Runner(leaky, tmp_path)
        assert runner.run(command=US, env=path)[0] == 1
        assert not (tmp_path / "called").exists()
        assert runner.run(command=US, upload_sarif="true", env=path)[0] == 1
        called = (tmp_path / "called").read_text(encoding="utf-8")
        assert called.startswith("token-of-the-job api --silent --method POST repos/shop/gitops/code-scanning/sarifs ")
        sent = json.loads((tmp_path / "sent").read_text(encoding="utf-8"))
        assert sent["ref"] == 'refs/heads/a"b'
        log = json.loads(gzip.decompress(base64.b64decode(sent["sarif"])))
        assert log["runs"][0]["results"]

    def test_no_key_and_no_token_reaches_the_scan(self):
        tree = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        for step in tree["runs"]["steps"]:
            assert ("GH_TOKEN" in step.get("env", {})) == ("code scanning" in step["name"])


def interpolated(text: str, **inputs: str) -> dict:
    """The job of a component, with its inputs filled in as GitLab does."""
    head, _, body = text.partition("\n---\n")
    known = yaml.safe_load(head)["spec"]["inputs"]
    values = {name: item["default"] for name, item in known.items()} | inputs
    assert set(re.findall(r"\$\[\[ inputs\.([a-z-]+) \]\]", body)) == known.keys()
    return yaml.safe_load(re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda found: values[found[1]], body))


class TestGitLab:
    """The component `secrets-gitops`."""

    TEXT = (ROOT / "templates" / "secrets-gitops" / "template.yml").read_text(encoding="utf-8")

    def job(self, work, **inputs):
        (job,) = interpolated(self.TEXT, **inputs).values()
        variables = {name: str(value) for name, value in job["variables"].items()}
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", "\n".join(job["script"])],
            cwd=work, env={**os.environ, "PATH": path_with_us(), **variables}, capture_output=True, check=False,
        )  # fmt: skip

    def test_it_is_what_gitlab_reads(self):
        head = yaml.safe_load(self.TEXT.partition("\n---\n")[0])
        jsonschema.validate(interpolated(self.TEXT), schema("gitlab-ci.json"))
        for item in head["spec"]["inputs"].values():
            assert set(item) <= {"description", "default", "options", "regex", "type"}
            assert item["default"] in item.get("options", [item["default"]])
            assert re.match(item.get("regex", ""), item["default"])

    def test_a_leak_fails_the_job_and_all_reports_are_there(self, leaky):
        done = self.job(leaky)
        assert done.returncode == 1, done.stderr
        (job,) = interpolated(self.TEXT).values()
        reports = job["artifacts"]["reports"]
        assert job["artifacts"]["when"] == "always"
        assert len(json.loads((leaky / reports["secret_detection"]).read_text())["vulnerabilities"]) == 1
        assert len(json.loads((leaky / reports["codequality"]).read_text())) == 1
        assert ET.parse(leaky / reports["junit"]).getroot().attrib["failures"] == "1"

    def test_inputs(self, leaky):
        assert self.job(leaky, **{"fail-on": "critical"}).returncode == 0
        assert self.job(leaky, paths="apps/web.yaml").returncode == 0
        assert self.job(leaky, paths="apps/web.yaml apps/db.yaml").returncode == 1

    def test_a_clean_repository_passes_with_reports(self, clean):
        assert self.job(clean).returncode == 0
        assert (clean / "gl-code-quality-report.json").read_text() == "[]\n"


def jenkins(text: str) -> list[str]:
    return re.findall(r"sh '''\n(.*?)'''", text, flags=re.DOTALL)


def azure(text: str) -> list[str]:
    return [step["script"] for step in yaml.safe_load(text)["steps"] if "script" in step]


def bitbucket(text: str) -> list[str]:
    return yaml.safe_load(text)["pipelines"]["default"][0]["step"]["script"]


def woodpecker(text: str) -> list[str]:
    return yaml.safe_load(text)["steps"][0]["commands"]


EXAMPLES = {
    "Jenkinsfile": (jenkins, "secrets-junit.xml"),
    "azure-pipelines.yml": (azure, "staging/secrets-junit.xml"),
    "bitbucket-pipelines.yml": (bitbucket, "test-results/secrets-junit.xml"),
    "woodpecker.yml": (woodpecker, None),
}


def text_of(name: str) -> str:
    return (ROOT / "examples" / "ci" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize(("content", "code"), [(LEAK, 1), (CLEAN, 0)], ids=["leak", "clean"])
def test_the_script_of_an_example_refuses_a_leak(name, content, code, tmp_path):
    """All but the installation, which is that of any package."""
    work = clone(tmp_path, {"apps/db.yaml": content})
    read, report = EXAMPLES[name]
    lines = [line for line in read(text_of(name)) if "pip install" not in line]
    (work / "staging").mkdir()
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(lines)], cwd=work, capture_output=True, check=False,
        env={
            **os.environ, "PATH": path_with_us(), "BUILD_ARTIFACTSTAGINGDIRECTORY": str(work / "staging"),
            "WORKSPACE_TMP": str(tmp_path / "tmp"),
        },
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert ("k8s-secret-plaintext" in done.stdout.decode()) == bool(code)
    if report:
        assert int(ET.parse(work / report).getroot().attrib["failures"]) == code


class TestServer:
    """The hook for a git server."""

    def push(self, work):
        return subprocess.run(
            ["git", "push", "-q", "origin", "HEAD:main"], cwd=work, capture_output=True, text=True, check=False,
            env={**os.environ, "PATH": path_with_us()},
        )  # fmt: skip

    def test_it_refuses_a_push_with_a_leak_and_takes_one_without(self, tmp_path):
        work = clone(tmp_path, {"apps/web.yaml": CLEAN})
        server = tmp_path / "server.git"
        subprocess.run(["git", "init", "-q", "--bare", server], check=True)
        hook = server / "hooks" / "pre-receive"
        hook.write_text((ROOT / "examples" / "ci" / "pre-receive").read_text(encoding="utf-8"))
        hook.chmod(0o755)
        subprocess.run(["git", "remote", "set-url", "origin", server], cwd=work, check=True)
        subprocess.run(["git", "fetch", "-q", "--unshallow", tmp_path / "origin"], cwd=work, check=False)
        assert self.push(work).returncode == 0
        (work / "apps" / "db.yaml").write_text(LEAK)
        for arguments in (["add", "-A"], ["commit", "-q", "-m", "leak"]):
            subprocess.run(["git", *arguments], cwd=work, check=True)
        refused = self.push(work)
        assert refused.returncode == 1
        assert "k8s-secret-plaintext" in refused.stderr
        assert PASSWORD not in refused.stderr


@pytest.mark.parametrize("name", ["bitbucket-pipelines", "woodpecker"])
def test_an_example_is_what_its_host_reads(name):
    published = "woodpecker-ci.json" if name == "woodpecker" else f"{name}.json"
    jsonschema.validate(yaml.safe_load(text_of(f"{name}.yml")), schema(published))


def test_the_gate_lets_the_examples_pass(cli):
    done = cli("lint", "examples", "templates", "action.yml", "docs/guides/ci.md", cwd=ROOT)
    assert done.returncode == 0, done.stdout


def test_every_pinned_version_is_this_one():
    texts = [text_of(name) for name in EXAMPLES]
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "guides").glob("*.md")]
    pinned = [version for text in texts for version in re.findall(r"secrets-gitops==([0-9.]+)", text)]
    pinned.append(yaml.safe_load(TestGitLab.TEXT.partition("\n---\n")[0])["spec"]["inputs"]["version"]["default"])
    assert len(pinned) >= len(EXAMPLES)
    assert set(pinned) == {__version__}
