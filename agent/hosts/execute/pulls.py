"""Image pulls: one at a time for an image, whoever else wants it waits for that one."""

import threading
from concurrent.futures import Future

import grpc

from agent.hosts.cri.client import Runtime
from agent.hosts.cri.errors import is_lost, port_error, pull_error


class Pulls:
    """The pulls of one connection that are under way."""

    def __init__(self, runtime: Runtime, *, host: str) -> None:
        self._runtime = runtime
        self._host = host
        self._lock = threading.Lock()
        self._running: dict[str, Future[None]] = {}

    def pull(self, image: str, *, always: bool) -> None:
        """Bring an image to the host, or join a pull of it. Raises PortError: ImagePullError where the pull failed."""
        with self._lock:
            running = self._running.get(image)
            mine: Future[None] = running or Future()
            self._running[image] = mine
        if running:
            running.result()
            return
        try:
            if always or not self._runtime.has_image(image):
                self._runtime.pull_image(image)
        except grpc.RpcError as error:
            lost = is_lost(error)
            failure = port_error(error, f"pull {image}", host=self._host) if lost else pull_error(error, image)
            mine.set_exception(failure)
            raise failure from None
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(None)
        finally:
            with self._lock:
                del self._running[image]
