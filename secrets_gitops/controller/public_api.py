"""What kubeseal asks: the certificate to seal for, whether an object opens, and an object sealed anew.

Every user of the cluster may ask. So no template is parsed or rendered here, which would answer questions about the
plaintext, and no answer says why something does not open. The scope is the object's own, never its template's.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from secrets_gitops.controller.limiter import Limiter
from secrets_gitops.controller.server import LARGEST_BODY, NOT_FOUND, Request, Response, text
from secrets_gitops.documents.plain import to_plain
from secrets_gitops.documents.read import Limits, read
from secrets_gitops.envelopes import sealed_secret as envelope
from secrets_gitops.errors import EnvelopeError, Error, NotSealed, Place
from secrets_gitops.manifests import metadata
from secrets_gitops.manifests import sealed_secret as manifest
from secrets_gitops.manifests.fields import Fields
from secrets_gitops.manifests.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_gitops.controller.flags import Flags
    from secrets_gitops.controller.sealing_keys import SealingKeys
    from secrets_gitops.manifests.sealed_secret import SealedSecret
    from secrets_gitops.plaintext import Plaintext

_LIMITS = Limits(size=LARGEST_BODY)
_KEY_WAIT = 15.0
"""Seconds that a request waits for the keys of a process that has just started."""
_READY_WAIT = 0.5
"""Seconds that a probe waits: less than the second that the kubelet gives it by default."""
_AT_ONCE = 2
"""Requests that decrypt at the same time; the objects of the cluster come first."""


class PublicApi:
    """Answers on the main port. `keys_loaded` and `ready` are set by whoever starts it."""

    def __init__(self, keys: SealingKeys, flags: Flags) -> None:
        self._keys = keys
        self._limiter = Limiter(flags.rate_limit, flags.rate_limit_burst)
        self._turn = threading.BoundedSemaphore(_AT_ONCE)
        self.keys_loaded = threading.Event()
        self.ready = threading.Event()
        self._routes: dict[str, Callable[[Request], Response]] = {
            "/healthz": lambda _: text(200, "ok"),
            "/readyz": lambda _: text(200, "ok") if self.ready.wait(_READY_WAIT) else text(503, "not ready"),
            "/v1/cert.pem": self._certificate,
            "/v1/verify": lambda request: self._limited(request, self._verify),
            "/v1/rotate": lambda request: self._limited(request, self._rotate),
        }

    def answer(self, request: Request) -> Response:
        """The response to any request."""
        route = self._routes.get(request.path)
        return route(request) if route is not None else NOT_FOUND

    def _certificate(self, _: Request) -> Response:
        self.keys_loaded.wait(_KEY_WAIT)
        certificate = self._keys.served()
        if certificate is None:
            return text(500, "cannot get certificate")
        return Response(200, certificate.pem.encode(), "application/x-pem-file")

    def _limited(self, request: Request, answer: Callable[[bytes], Response]) -> Response:
        verdict = self._limiter.ask(f"{request.path} {_caller(request)}")
        headers = {
            "X-Ratelimit-Limit": str(verdict.limit),
            "X-Ratelimit-Remaining": str(verdict.remaining),
            "X-Ratelimit-Reset": str(verdict.reset),
        }
        if not verdict.allowed:
            refusal = text(429, "limit exceeded")
            return refusal._replace(headers={**headers, "Retry-After": str(verdict.retry_after)})
        self.keys_loaded.wait(_KEY_WAIT)
        with self._turn:
            return answer(request.body)._replace(headers=headers)

    def _verify(self, body: bytes) -> Response:
        try:
            self._opened(_sealed_secret(body))
        except EnvelopeError as error:
            return Response(500 if isinstance(error, NotSealed) else 409)
        except Error:
            return Response(500)
        return Response(200)

    def _rotate(self, body: bytes) -> Response:
        certificate = self._keys.served()
        try:
            sealed = _sealed_secret(body)
            items = self._opened(sealed)
        except Error:
            return Response(500)
        if certificate is None:
            return Response(500)
        place = {name: sealed.metadata[name] for name in ("name", "namespace") if name in sealed.metadata}
        fresh = envelope.seal(Secret(place, items), sealed.scope, certificate)
        kept = fresh._replace(
            template_metadata=_template_metadata(sealed),
            template_type=sealed.template_type,
            template_immutable=sealed.template_immutable,
            template_data=sealed.template_data,
        )
        tree = {name: part for name, part in kept.to_tree().items() if name in {"metadata", "spec"}}
        return Response(200, json.dumps(tree, separators=(",", ":")).encode(), "text/plain; charset=utf-8")

    def _opened(self, sealed: SealedSecret) -> dict[str, Plaintext]:
        """Every item. The first that does not open ends it: each try costs an RSA operation, and anybody may ask."""
        keys = self._keys.newest_first()
        opened: dict[str, Plaintext] = {}
        for name, blob in sealed.items.items():
            opened |= envelope.open_items(sealed._replace(items={name: blob}), keys, lambda _: Place("request"))
        return opened


def _caller(request: Request) -> str:
    """Who asks. Of `X-Forwarded-For` only the last element is the API server's; a client writes the rest."""
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return forwarded or request.caller


def _sealed_secret(body: bytes) -> SealedSecret:
    """The one SealedSecret in `body`. Raises our errors for anything else."""
    is_json = body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    document = read(body, path="request", format="json" if is_json else "yaml", limits=_LIMITS)
    if len(document.roots) != 1:
        raise NotSealed("one SealedSecret is expected")
    root = document.roots[0]
    tree = to_plain(root, "k8s", path=document.path)
    if not isinstance(tree, dict) or not manifest.is_sealed_secret(tree):
        raise NotSealed("this is no SealedSecret")
    return manifest.read(Fields(document, root), tree)


def _template_metadata(sealed: SealedSecret) -> dict[str, object]:
    """The template's metadata, which kubeseal copied from the Secret, and none of what a cluster wrote.

    Where there is none, or it claims another scope than the object has, the object's own takes its place: a scope must
    not come from the template (CVE-2026-22728).
    """
    template = sealed.template_metadata
    claimed = manifest.scope_of(metadata.texts(template, "annotations"))
    if not template or claimed not in {"strict", sealed.scope}:
        template = sealed.metadata
    left_out = metadata.RUNTIME_FIELDS | {"ownerReferences", "managedFields"}
    out = {name: value for name, value in template.items() if name not in left_out}
    annotations = metadata.texts(template, "annotations")
    if any(name in annotations for name in metadata.LAST_APPLIED):
        out["annotations"] = {name: one for name, one in annotations.items() if name not in metadata.LAST_APPLIED}
    return out
