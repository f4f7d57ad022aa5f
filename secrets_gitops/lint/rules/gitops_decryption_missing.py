"""`gitops-decryption-missing`: an encrypted file on its way into a cluster, and nobody on the way decrypts it.

No tool says so: the ciphertext is applied as if it were the value. Each check knows one tool, and what that one reads.
"""

from __future__ import annotations

import posixpath
from functools import partial

from secrets_gitops.lint import mend
from secrets_gitops.lint.delivery import Delivery, within
from secrets_gitops.lint.generators import config_map_files
from secrets_gitops.lint.objects import entries
from secrets_gitops.lint.sops_record import is_encrypted, neighbour
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.documents.document import Node
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.objects import KubeObject
    from secrets_gitops.lint.target import Target

    Brought = tuple[tuple[str, ...], tuple[str, ...]]
    """Paths of what is applied as it stands, and of what is put into something else."""

_WORDS = (
    b"kustomize.toolkit.fluxcd.io", b"argoproj.io", b"viaduct.ai", b"onfigMapGenerator", b"valuesFiles", b"releases:",
)  # fmt: skip
_STANZA = "decryption: {provider: sops, secretRef: {name: sops-age}}"
_FLUX = "kustomize.toolkit.fluxcd.io/"
_MARKER_YAML = b"mac: ENC["
_OPEN = "decrypt: disabled"
_HELMFILE = pattern(r"(?:^|/)helmfile(?:\.d/[^/]+)?\.ya?ml(?:\.gotmpl)?\Z")


class GitopsDecryptionMissing:
    """Ciphertext does no harm but that of an application that takes it for its password, hence a mild rule."""

    id = "gitops-decryption-missing"
    alias = "SG303"
    severity: Severity = "low"
    summary = "the tool that applies an encrypted file would not decrypt it"
    why = (
        "Flux, Argo CD, kustomize and Helm take a file that they do not know to be encrypted as it is. Nothing fails; "
        "the cluster gets ciphertext in the place of the secret, and somebody in a hurry commits the plaintext."
    )
    fix = f"for Flux, `{_STANZA}` under `spec`; for Argo CD, a plugin; for Helm, `secrets://PATH`"

    def concerns(self, target: Target) -> bool:
        """Is it a file of one of these tools?"""
        return target.parent is None and any(word in target.data for word in _WORDS)

    def check(self, target: Target) -> Iterator[Finding]:
        """Each object by its kind, then a helmfile, then generators of ConfigMaps."""
        document = target.document
        if document is None or target.has_sops_block:
            return
        folders: set[str] = set()
        for found in target.objects:
            group = found.api_version.partition("/")[0] + "/"
            if (found.kind, group) == ("Kustomization", _FLUX):
                yield from self._flux(target, found, folders)
            elif found.kind in {"Application", "ApplicationSet"} and group == "argoproj.io/":
                yield from self._argo(target, found)
            elif found.kind == "ksops" and group == "viaduct.ai/":
                yield from self._ksops(target, found)
            elif found.kind == "HelmRelease":
                yield from self._helm_release(target, found)
        if _HELMFILE.search(target.path):
            for root in document.roots:
                yield from self._helmfile(target, root)
        for item in config_map_files(document):
            file = self._encrypted(target, posixpath.dirname(target.path), item.text)
            if file is not None:
                yield self._finding(
                    target,
                    item.node,
                    f"`{item.text}`, which a `configMapGenerator` names, is encrypted, and nothing decrypts it there: "
                    "the ConfigMap gets the ciphertext",
                    f"name {mend.quoted(file.path)} in a `secretGenerator`, which Flux decrypts",
                )

    def _flux(self, target: Target, found: KubeObject, seen: set[str]) -> Iterator[Finding]:
        """A Kustomization of Flux. `seen` are folders of others in this file: one finding for each will do."""
        spec = found.node.get("spec")
        path = spec.get("path") if spec is not None else None
        folder = within("", path.text.lstrip("/")) if path is not None else None
        if spec is None or folder is None or folder in seen or not target.run.snapshot.list(folder):
            return
        seen.add(folder)
        if spec.get("decryption") is not None:
            yield from self._flux_decrypts(target, found, folder)
            return
        example = target.run.once(f"first to decrypt for Flux: {folder}", partial(_first_for_flux, target, folder))
        if example is not None and not _patched_in(target):
            yield self._finding(
                target,
                path or spec,
                f"{found.label} has no `decryption`, and brings {example}, which is encrypted, as it is",
                f"add `{_STANZA}` under `spec`",
                found,
            )

    def _flux_decrypts(self, target: Target, found: KubeObject, folder: str) -> Iterator[Finding]:
        """What Flux passes over although it was told to decrypt, and what it decrypts although it should not."""
        where = next((value for _, value in entries(found.node.get("spec") or found.node, "decryption")), found.node)
        for message, fix in target.run.once(f"amiss for Flux: {folder}", partial(_amiss_for_flux, target, folder)):
            yield self._finding(target, where, message, fix, found)

    def _argo(self, target: Target, found: KubeObject) -> Iterator[Finding]:
        """An Application of Argo CD, or the template of an ApplicationSet."""
        for source in _sources(found.node):
            path = source.get("path")
            folder = within("", path.text.lstrip("/")) if path is not None else None
            if path is None or folder is None:
                continue
            helm, directory = source.get("helm"), source.get("directory")
            for item in _items(helm, "valueFiles"):
                named = item.text.partition("/")[2] if item.text.startswith("$") else item.text
                file = self._encrypted(target, "" if item.text.startswith("$") else folder, named)
                if file is not None:
                    yield self._plain_values(target, item, file.path, found)
            if source.get("plugin") is not None or not target.run.snapshot.list(folder):
                continue
            if helm is not None or target.run.snapshot.exists(posixpath.join(folder, "Chart.yaml")):
                continue
            recurse = directory.get("recurse") if directory is not None else None
            deep = recurse is not None and recurse.text == "true"
            example = target.run.once(
                f"first to decrypt for Argo CD: {deep} {folder}", partial(_first_for_argo, target, folder, deep=deep)
            )
            if example is not None:
                yield self._finding(
                    target,
                    path,
                    f"{found.label} names no plugin, and brings {example}, which is encrypted, as it is (unless a "
                    "plugin of the server discovers the folder)",
                    "add `plugin: {name: secrets-gitops}` under the source, or generate the Secret with KSOPS",
                    found,
                )

    def _ksops(self, target: Target, found: KubeObject) -> Iterator[Finding]:
        """A generator of KSOPS: every file that it names must be there, and encrypted."""
        folder = posixpath.dirname(target.path)
        items = list(_items(found.node, "files"))
        for secret in _items(found.node, "secretFrom", kind="mapping"):
            items += [item for field in ("files", "binaryFiles", "envs") for item in _items(secret, field)]
        for item in items:
            path = within(folder, item.text.rpartition("=")[2])
            if path is None:
                continue
            file = neighbour(target, path)
            if file is None:
                yield self._finding(
                    target,
                    item,
                    f"`{item.text}`, which KSOPS is to decrypt, does not exist",
                    f"correct the path {path}",
                    found,
                )
            elif not is_encrypted(file):
                yield self._finding(
                    target,
                    item,
                    f"`{item.text}`, which KSOPS is to decrypt, is not encrypted",
                    mend.encrypt(path),
                    found,
                )

    def _helm_release(self, target: Target, found: KubeObject) -> Iterator[Finding]:
        """A HelmRelease of Flux: helm-controller reads the files of a chart as they are."""
        chart = found.node.get("spec")
        for key in ("chart", "spec"):
            chart = chart.get(key) if chart is not None else None
        for item in _items(chart, "valuesFiles"):
            file = self._encrypted(target, "", item.text)
            if file is not None:
                yield self._finding(
                    target,
                    item,
                    f"{file.path} is encrypted, and Flux does not decrypt the `valuesFiles` of a chart",
                    f"make a Secret of {mend.quoted(file.path)} with a `secretGenerator`, and name it in `valuesFrom`",
                    found,
                )

    def _helmfile(self, target: Target, root: Node) -> Iterator[Finding]:
        """`values` of a helmfile are read as they are; `secrets` are decrypted."""
        folder = posixpath.dirname(target.path)
        groups = [release for _, listed in entries(root, "releases") for release in listed.resolved().items]
        for _, environments in entries(root, "environments"):
            groups += [value for _, value in environments.resolved().pairs]
        for group in groups:
            for item in _items(group.resolved(), "values"):
                file = self._encrypted(target, folder, item.text)
                if file is not None:
                    yield self._finding(
                        target,
                        item,
                        f"{file.path} is encrypted, and helmfile does not decrypt what stands under `values`",
                        f"move {item.text} from `values` to `secrets`",
                    )

    def _plain_values(self, target: Target, item: Node, path: str, found: KubeObject) -> Finding:
        return self._finding(
            target,
            item,
            f"{path} is encrypted, and Helm reads it as it is: the chart gets ciphertext for values",
            f"write `secrets://{item.text}`, which helm-secrets decrypts",
            found,
        )

    def _encrypted(self, target: Target, folder: str, text: str) -> Target | None:
        path = within(folder, text)
        file = neighbour(target, path) if path else None
        return file if file is not None and is_encrypted(file) else None

    def _finding(self, target: Target, node: Node, message: str, fix: str, found: KubeObject | None = None) -> Finding:
        scalar = node.resolved()
        return target.finding(
            self,
            target.span(scalar if scalar.kind == "scalar" else target.key_of(node) or target.key_of(scalar) or scalar),
            message,
            fix=fix,
            object=found.label if found is not None else "",
        )


def _sources(node: Node) -> Iterator[Node]:
    """`spec.source` and `spec.sources[]`, in an ApplicationSet those of its template."""
    spec = node.get("spec")
    template = spec.get("template") if spec is not None else None
    if template is not None:
        spec = template.get("spec")
    if spec is None:
        return
    source = spec.get("source")
    if source is not None:
        yield source
    yield from _items(spec, "sources", kind="mapping")


def _items(node: Node | None, key: str, *, kind: str = "scalar") -> Iterator[Node]:
    for _, listed in entries(node, key) if node is not None else ():
        for item in listed.resolved().items:
            if item.resolved().kind == kind:
                yield item.resolved()


def _brought_by_flux(target: Target, folder: str) -> Brought:
    """What a Kustomization of Flux with that path brings; many may have the same."""

    def gather() -> Brought:
        delivery = Delivery(target)
        delivery.flux(folder)
        return tuple(delivery.manifests), tuple(delivery.inserted)

    return target.run.once(f"brought by Flux: {folder}", gather)


def _first_for_argo(target: Target, folder: str, *, deep: bool) -> str | None:
    delivery = Delivery(target)
    if not delivery.kustomize(folder):
        delivery.files(folder, (".yaml", ".yml", ".json"), deep=deep)
    return next(_to_decrypt(target, (*delivery.manifests, *delivery.inserted)), None)


def _first_for_flux(target: Target, folder: str) -> str | None:
    manifests, inserted = _brought_by_flux(target, folder)
    return next(_to_decrypt(target, (*manifests, *inserted)), None)


def _amiss_for_flux(target: Target, folder: str) -> list[tuple[str, str]]:
    """What Flux would take wrongly of what it is to decrypt, and what to do, for each file."""
    manifests, inserted = _brought_by_flux(target, folder)
    found: list[tuple[str, str]] = []
    for path in manifests:
        file = neighbour(target, path)
        flaw = _flaw_for_flux(file) if file is not None and is_encrypted(file) else None
        if flaw is not None:
            found.append((f"{path} {flaw[0]}", flaw[1].replace("PATH", mend.quoted(path))))
    for path in inserted:
        file = neighbour(target, path)
        if file is not None and is_encrypted(file) and _MARKER_YAML not in file.data and _minified(file):
            message = (
                f"{path} is JSON without blanks, in which Flux does not see that it is encrypted: the Secret gets "
                "the ciphertext"
            )
            found.append((message, f'write `"mac": "ENC[…` with a blank after the colon: `jq . {mend.quoted(path)}`'))
    return found


def _to_decrypt(target: Target, paths: tuple[str, ...]) -> Iterator[str]:
    """Those that are encrypted and that no controller of the cluster decrypts itself; each is looked at once a scan."""

    def answer(path: str) -> bool:
        file = neighbour(target, path)
        if file is None or b"kind: SopsSecret" in file.data or _OPEN.encode() in file.data:
            return False
        return is_encrypted(file)

    for path in paths:
        if target.run.once(f"to decrypt: {path}", partial(answer, path)):
            yield path


def _patched_in(target: Target) -> bool:
    """Does some file of the repository patch `decryption` into Kustomizations? It may be this one's."""

    def search() -> bool:
        for path in target.run.snapshot.paths():
            if path.endswith((".yaml", ".yml")):
                file = neighbour(target, path)
                if file is not None and all(word in file.data for word in (b"decryption", b"patch", b"Kustomization")):
                    return True
        return False

    return target.run.once("flux decryption by patch", search)


def _flaw_for_flux(file: Target) -> tuple[str, str] | None:
    """Why Flux leaves the manifest as it is, or should have; and what to do."""
    if b"kind: SopsSecret" in file.data and _OPEN.encode() not in file.data:
        return (
            "is a SopsSecret, and Flux decrypts it before its controller sees it: the cluster keeps it in plaintext",
            f"annotate PATH with `kustomize.toolkit.fluxcd.io/{_OPEN}`",
        )
    kind = file.document.roots[0].get("kind") if file.document is not None and file.document.roots else None
    if kind is not None and kind.text == "List":
        return (
            "is an encrypted List, of which Flux applies the items and does not see that they are encrypted",
            "make documents of the items of PATH, and encrypt it again",
        )
    return None


def _minified(file: Target) -> bool:
    return b'"mac":"ENC[' in file.data


RULE = GitopsDecryptionMissing()
