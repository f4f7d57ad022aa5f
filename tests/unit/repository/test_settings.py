"""`.secrets-gitops.yaml`: what it may say, and how a certificate is pinned without touching the rest."""

from __future__ import annotations

import os

import pytest

from secrets_gitops.documents.read import read
from secrets_gitops.errors import SettingsError
from secrets_gitops.repository import settings, starter
from secrets_gitops.repository.index import Index
from secrets_gitops.repository.work_tree import WorkTree

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def text(name: str = "prod", certificate: str = "certs/prod.pem", fingerprint: str = ONE) -> str:
    return f"clusters:\n  {name}:\n    certificate: {certificate}\n    fingerprint: {fingerprint}\n"


class TestReading:
    def test_a_pinned_certificate(self):
        found = settings.parse(text().encode())
        assert {name: cluster[:2] for name, cluster in found.clusters.items()} == {"prod": ("certs/prod.pem", ONE)}
        assert str(found.clusters["prod"].place) == ".secrets-gitops.yaml:3:5"

    @pytest.mark.parametrize("content", ["", "# nothing\n", "clusters:\n", "clusters: {}\n", starter.SETTINGS])
    def test_nothing_said(self, content):
        assert settings.parse(content.encode()).clusters == {}

    @pytest.mark.parametrize(
        ("content", "message", "place"),
        [
            ("cluster: {}\n", "unknown field `cluster` in settings", "1:1"),
            (text().replace("certificate", "certificat"), "unknown field `certificat` in `prod`", "3:5"),
            ("clusters:\n  prod: {fingerprint: x}\n", "`prod` has no `certificate`", "2:3"),
            ("clusters:\n  prod: {certificate: x}\n", "`prod` has no `fingerprint`", "2:3"),
            ("clusters:\n  prod:\n", "`prod` must be a mapping", "2:3"),
            ("clusters:\n  prod: text\n", "`prod` must be a mapping", "2:9"),
            ("clusters: [prod]\n", "`clusters` must be a mapping", "1:11"),
            ("- clusters\n", "settings must be a mapping", "1:1"),
            (text(fingerprint="sha256:1234"), "`fingerprint` must be `sha256:` and 64 hexadecimal digits", "4:5"),
            (text(fingerprint="md5:" + "1" * 64), "`fingerprint` must be", "4:5"),
            (text(fingerprint=ONE.upper()), "`fingerprint` must be", "4:5"),
            (text() + "---\n" + text(), "settings are one YAML document", "6:1"),
            ("clusters: [", "cannot read settings", ""),
        ],
    )
    def test_what_is_wrong_and_where(self, content, message, place):
        with pytest.raises(SettingsError, match=message) as caught:
            settings.parse(content.encode())
        assert str(caught.value.place).startswith(f".secrets-gitops.yaml:{place}")
        assert caught.value.exit_code == 2

    def test_the_nearest_name(self):
        with pytest.raises(SettingsError) as caught:
            settings.parse(b"cluster: {}\n")
        assert caught.value.hints == ("did you mean `clusters`?",)

    def test_of_a_snapshot(self, repo):
        assert settings.load(WorkTree(str(repo.root))).clusters == {}
        repo.write(".secrets-gitops.yaml", text("staged"))
        repo.git("add", "--all")
        repo.write(".secrets-gitops.yaml", text("disk"))
        assert list(settings.load(Index(str(repo.root))).clusters) == ["staged"]
        assert list(settings.load(WorkTree(str(repo.root))).clusters) == ["disk"]

    def test_a_link_out_of_the_repository(self, repo):
        os.symlink("/etc/passwd", repo.root / ".secrets-gitops.yaml")
        with pytest.raises(SettingsError, match="leads to no file of the repository"):
            settings.load(WorkTree(str(repo.root)))


class TestPinning:
    def pinned(self, content: str, cluster: str = "prod") -> str:
        document = read(content, path=settings.NAME)
        changed = document.apply(settings.pin(document, cluster, "new.pem", TWO)).text
        assert settings.parse(changed.encode()).clusters[cluster][:2] == ("new.pem", TWO)
        return changed

    @pytest.mark.parametrize("content", ["", "# a comment", starter.SETTINGS, "---\n"])
    def test_into_an_empty_file(self, content):
        assert self.pinned(content).startswith(content)

    @pytest.mark.parametrize("content", ["clusters:\n", "clusters: {}\n", "# top\nclusters:   # none yet\n"])
    def test_the_first_cluster(self, content):
        changed = self.pinned(content)
        assert ("none yet" in changed) == ("none yet" in content)

    def test_one_more(self):
        content = "# top\n" + text() + "# end\n"
        changed = self.pinned(content, "test")
        assert set(content.splitlines()) <= set(changed.splitlines())
        assert settings.parse(changed.encode()).clusters["prod"][:2] == ("certs/prod.pem", ONE)

    def test_in_place_of_another_with_its_comments_kept(self):
        content = text().replace(ONE, f"{ONE}  # since May") + "  # the other one\n" + text("test").split("\n", 1)[1]
        changed = self.pinned(content)
        assert changed == content.replace("certs/prod.pem", '"new.pem"', 1).replace(ONE, f'"{TWO}"', 1)
