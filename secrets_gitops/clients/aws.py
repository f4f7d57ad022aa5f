"""AWS through boto3: credentials as AWS's own tools find them, profiles, roles, and what a failure means.

boto3 reads the process's own environment and `~/.aws`; it is imported when AWS is first asked.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from secrets_gitops.clients.per_environment import PerEnvironment
from secrets_gitops.clients.refusal import Refusal
from secrets_gitops.clients.retrying import retrying
from secrets_gitops.errors import AccessDenied, BackendError, SecretNotFound, SettingsError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from secrets_gitops.deadline import Deadline

_CONNECT, _READ = 10.0, 30.0
_OLD = 300.0
"""A role's credentials are replaced this many seconds before they end."""
_SESSION_LETTERS = re.compile(r"[^a-zA-Z0-9=,.@_-]+")
_SESSION_LENGTH = 64
_THROTTLED = (
    "Throttl",
    "TooManyRequests",
    "RequestLimitExceeded",
    "SlowDown",
    "LimitExceeded",
    "ProvisionedThroughput",
)
_DENIED = (
    "AccessDenied", "UnrecognizedClient", "InvalidClientTokenId", "InvalidSignature", "SignatureDoesNotMatch",
    "Expired", "IncompleteSignature", "MissingAuthenticationToken", "AuthFailure", "NotAuthorized",
    "InvalidAccessKeyId", "OptInRequired", "InvalidIdentityToken",
)  # fmt: skip
_MISSING = ("NotFound", "NoSuch")
"""How the codes begin or what they hold, over all services."""


class Account(NamedTuple):
    """Whose credentials, and where."""

    region: str
    """Empty: the one that boto3 finds."""
    profile: str = ""
    """Of `~/.aws/config`; empty: the default chain."""
    role: str = ""
    """The ARN of a role to take on; empty: none."""


class AwsError(BackendError):
    """The service refused for a reason of its own; `reason` is the code that it gave."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class _Live(NamedTuple):
    client: Any
    until: float | None
    """When its credentials get old, by the wall clock that AWS goes by; None: boto3 renews them itself."""


class Aws:
    """The clients of one environment, each made once. Safe to use from several threads."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, Account], threading.Lock] = {}
        self._lock = threading.Lock()
        self._live: dict[tuple[str, Account], _Live] = {}
        self._sessions: dict[str, Any] = {}
        self._refusals: dict[str, Refusal] = {}

    def ask(
        self,
        account: Account,
        service: str,
        operation: str,
        arguments: Mapping[str, object],
        what: str,
        deadline: Deadline,
    ) -> Mapping[str, Any]:
        """The answer to one operation on `what`, tried again while that may help.

        Raises AccessDenied, SecretNotFound, AwsError, and Unavailable where AWS is away or asks for fewer requests;
        SettingsError for a profile that is not there and for boto3 itself.
        """

        def once() -> Mapping[str, Any]:
            return self._once(account, service, operation, arguments, what, deadline)

        return retrying(once, deadline, f"asking AWS about {what}")

    def _once(
        self,
        account: Account,
        service: str,
        operation: str,
        arguments: Mapping[str, object],
        what: str,
        deadline: Deadline,
    ) -> Mapping[str, Any]:
        import botocore.exceptions as trouble  # type: ignore[import-untyped]  # noqa: PLC0415  100 ms, for AWS only

        with self._lock:
            refusal = self._refusals.setdefault(account.profile, Refusal())
        refusal.check()
        try:
            client = self._client(service, account, deadline)
            answer: Mapping[str, Any] = getattr(client, operation)(**arguments)
            return answer
        except trouble.ClientError as error:
            raise _refusal(error.response, what) from None
        except (trouble.NoCredentialsError, trouble.PartialCredentialsError, trouble.CredentialRetrievalError):
            login = "set `AWS_PROFILE`, or log in: `aws sso login`"
            who = "`aws sts get-caller-identity` shows who you are"
            self._forget(account)
            raise refusal.keep(AccessDenied("no AWS credentials are at hand", hints=(login, who))) from None
        except (trouble.TokenRetrievalError, trouble.SSOError):
            self._forget(account)
            expired = AccessDenied("the AWS login has expired", hints=("log in again: `aws sso login`",))
            raise refusal.keep(expired) from None
        except trouble.ProfileNotFound:
            raise SettingsError(
                f"there is no AWS profile `{account.profile}`" if account.profile else "`AWS_PROFILE` names no profile",
                hints=("`aws configure list-profiles` shows them",),
            ) from None
        except trouble.SSLError:
            raise BackendError(
                "cannot trust the server that answers for AWS", hints=("name its authority with `AWS_CA_BUNDLE`",)
            ) from None
        except (trouble.ConnectionError, trouble.HTTPClientError) as error:  # its text holds URLs and more
            reason = "no answer in time" if "Timeout" in type(error).__name__ else "the connection failed"
            hints = ("is the region right, and does a proxy stand between?",)
            raise Unavailable(f"cannot reach AWS in `{account.region}`: {reason}", hints=hints) from None
        except trouble.BotoCoreError as error:
            raise SettingsError(f"AWS cannot be asked: {type(error).__name__}") from None

    def _client(self, service: str, account: Account, deadline: Deadline) -> Any:  # noqa: ANN401  boto3 makes its classes at run time
        key = (service, account)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:  # a role is taken on once, whoever asks first
            live = self._live.get(key)
            if live is None or (live.until is not None and time.time() > live.until):
                live = self._made(service, account, deadline)
                self._live[key] = live
            return live.client

    def _forget(self, account: Account) -> None:
        """Look for credentials anew next time: somebody may have logged in meanwhile."""
        with self._lock:
            self._sessions.pop(account.profile, None)
            for key in [key for key in self._live if key[1].profile == account.profile]:
                del self._live[key]

    def _made(self, service: str, account: Account, deadline: Deadline) -> _Live:
        import boto3  # type: ignore[import-untyped]  # noqa: PLC0415
        from botocore.config import Config  # type: ignore[import-untyped]  # noqa: PLC0415

        config = Config(
            connect_timeout=deadline.at_most(_CONNECT),
            read_timeout=deadline.at_most(_READ),
            retries={"total_max_attempts": 1},  # we try again ourselves, within the deadline
            max_pool_connections=16,
        )
        credentials: dict[str, str] = {}
        until = None
        if account.role:
            without = account._replace(role="")
            request = {"RoleArn": account.role, "RoleSessionName": session_name(socket.gethostname())}
            answer = self._once(without, "sts", "assume_role", request, f"the role `{account.role}`", deadline)
            given = answer["Credentials"]
            credentials = {
                "aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"],
            }
            until = given["Expiration"].timestamp() - _OLD
        with self._lock:  # one login for each profile; boto3 does not let several threads make clients
            if account.profile not in self._sessions:
                self._sessions[account.profile] = boto3.Session(profile_name=account.profile or None)
            session = self._sessions[account.profile]
            return _Live(
                session.client(service, region_name=account.region or None, config=config, **credentials), until
            )


def session_name(host: str) -> str:
    """How a session with a role is called, as sops has it: CloudTrail shows it."""
    return f"sops@{_SESSION_LETTERS.sub('', host)}"[:_SESSION_LENGTH]


def aws(environ: Mapping[str, str]) -> Aws:
    """The one of this environment. Raises SettingsError where boto3 is not installed."""
    try:
        import boto3  # noqa: F401, PLC0415
    except ImportError:
        raise SettingsError(
            "AWS needs the Python package boto3, which is not installed", hints=("pip install 'secrets-gitops[aws]'",)
        ) from None
    return _of_environment(environ)


_of_environment = PerEnvironment(lambda _: Aws(), ("AWS_",))  # boto3 itself reads the environment


def _refusal(response: Mapping[str, Any], what: str) -> BackendError:
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if any(word in code for word in _THROTTLED) or status == 429:
        return Unavailable(f"AWS asks for fewer requests ({code})")
    if status >= 500:
        return Unavailable(f"AWS has trouble of its own: it answered {status} about {what}")
    if any(word in code for word in _DENIED):
        return AccessDenied(
            f"AWS denies us {what} ({code})", hints=("`aws sts get-caller-identity` shows who you are",)
        )
    if any(word in code for word in _MISSING):
        return SecretNotFound(f"AWS knows nothing of {what}")
    return AwsError(f"AWS refuses the request about {what} ({code})", code)
