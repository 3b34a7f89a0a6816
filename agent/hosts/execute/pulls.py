"""Image pulls: one at a time for an image, whoever else wants it waits for that one."""

import threading
from concurrent.futures import Future
from typing import Final

import grpc

from agent.hosts.cri.client import Runtime
from agent.hosts.cri.errors import ImagePullError, is_denied, is_lost, port_error, pull_error
from agent.hosts.link import Link
from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.hosts.pulled import record_pull
from agent.model.registry import RegistryAuth
from agent.model.value import MASK, reveal
from agent.ports import PortError, Unreachable

_DOCKER_HUB: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})

Auths = tuple[RegistryAuth, ...]


class Pulls:
    """The pulls of one connection that are under way."""

    def __init__(self, runtime: Runtime, link: Link, *, host: str) -> None:
        self._link = link
        self._runtime = runtime
        self._host = host
        self._lock = threading.Lock()
        self._running: dict[tuple[str, Auths], Future[None]] = {}

    def pull(self, image: str, *, always: bool, auths: Auths = ()) -> None:
        """Bring an image to the host, or join a pull of it. Raises PortError: ImagePullError where the pull failed.

        Credentials are tried in turn, until the registry takes some; without any it is asked anonymously.
        """
        key = (image, auths)
        with self._lock:
            running = self._running.get(key)
            mine: Future[None] = running or Future()
            self._running[key] = mine
        if running:
            running.result()
            return
        try:
            known = self._runtime.has_image(image)
            if not known:
                self._record(image)
            if always or not known:
                self._bring(image, auths)
        except grpc.RpcError as error:
            lost = is_lost(error)
            failure = port_error(error, f"pull {image}", host=self._host) if lost else _hidden(error, image, auths)
            mine.set_exception(failure)
            raise failure from None
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(None)
        finally:
            with self._lock:
                del self._running[key]

    def _record(self, image: str) -> None:
        """Note that the image is ours, before it is there. One that cannot be noted is never cleaned up, no more."""
        try:
            record_pull(self._link, image)
        except Unreachable:
            raise
        except PortError:
            return

    def _bring(self, image: str, auths: Auths) -> None:
        messages: list[pb.AuthConfig | None] = [_message(auth) for auth in auths]
        messages = messages or [None]
        for auth in messages[:-1]:
            try:
                self._runtime.pull_image(image, auth)
            except grpc.RpcError as error:
                if not is_denied(error):
                    raise
            else:
                return
        self._runtime.pull_image(image, messages[-1])


def _message(auth: RegistryAuth) -> pb.AuthConfig:
    """Return credentials as containerd takes them: for one server only, which it has to find in the image's name."""
    server = auth.server.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return pb.AuthConfig(
        username=auth.username,
        password=reveal(auth.password),
        identity_token=reveal(auth.identity_token),
        server_address=f"https://{'registry-1.docker.io' if server in _DOCKER_HUB else server}",
    )


def _hidden(error: grpc.RpcError, image: str, auths: Auths) -> ImagePullError:
    """Return a failed pull; should a registry ever repeat what it was sent, that does not show."""
    text = str(failure := pull_error(error, image))
    for secret in (reveal(text) for auth in auths for text in (auth.password, auth.identity_token)):
        text = text.replace(secret, MASK) if secret else text
    return ImagePullError(text, hint=failure.hint)
