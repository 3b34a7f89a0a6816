"""Small images built from this machine's static busybox, so that no public registry is needed."""

import functools
import hashlib
import http.client
import io
import json
import platform
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.errors import LabError

_BUSYBOX = Path("/bin/busybox")
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"

# PID 1 of a container ignores every signal that it does not handle: without these traps each stop would wait out its
# grace period. `wait` also reaps what is left to PID 1.
_PAUSE = "trap 'exit 0' TERM INT; while :; do sleep 86400 & wait $!; done"
_WEB = (
    "trap 'exit 0' TERM INT; echo \"web $VERSION listens on ${PORT:-8080}\"; httpd -f -h /www -p ${PORT:-8080} & wait"
)


@dataclass(frozen=True)
class Image:
    """An image ready to be pushed: its manifest and the blobs that the manifest names."""

    name: str
    tag: str
    manifest: bytes = field(repr=False)
    blobs: Mapping[str, bytes] = field(repr=False)

    @property
    def digest(self) -> str:
        """What the registry and containerd call this exact image."""
        return _digest(self.manifest)


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _layer(files: Mapping[str, tuple[int, bytes]], links: Sequence[str] = (), folders: Sequence[str] = ()) -> bytes:
    """Pack a layer that has the same bytes, so the same digest, whenever and wherever it is made."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in folders:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(entry)
        for name, (mode, content) in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size = mode, len(content)
            tar.addfile(entry, io.BytesIO(content))
        for name in links:
            entry = tarfile.TarInfo(f"bin/{name}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
    return packed.getvalue()


@functools.cache
def _base() -> bytes:
    """Build the layer below every image: busybox under all its names, and the few files that programs expect."""
    listed = subprocess.run([str(_BUSYBOX), "--list"], capture_output=True, text=True, check=True).stdout.split()
    users = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"
    groups = "root:x:0:\napp:x:1000:\nnogroup:x:65534:\n"
    files = {
        "bin/busybox": (0o755, _BUSYBOX.read_bytes()),
        "etc/passwd": (0o644, users.encode()),
        "etc/group": (0o644, groups.encode()),
    }
    folders = ("bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "var")
    return _layer(files, [name for name in listed if name != "busybox"], folders)


def build(
    name: str,
    tag: str,
    command: Sequence[str],
    *,
    files: Mapping[str, str | bytes] | None = None,
    env: Mapping[str, str] | None = None,
    user: str = "",
) -> Image:
    """Build an image: busybox, the given files (a path under cgi-bin or bin can be executed) and a command."""
    packed = {
        path.lstrip("/"): (
            0o755 if "bin/" in path else 0o644,
            content.encode() if isinstance(content, str) else content,
        )
        for path, content in (files or {}).items()
    }
    parents = {str(parent) for path in packed for parent in Path(path).parents} - {"."}
    layers = [_base()] + ([_layer(packed, folders=sorted(parents))] if packed else [])
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    variables = {"PATH": "/bin", **(env or {})}
    config = {
        "architecture": machine,
        "os": "linux",
        "config": {
            "Cmd": list(command),
            "Env": [f"{key}={value}" for key, value in variables.items()],
            "User": user,
            "WorkingDir": "/",
        },
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer) for layer in layers]},
        "history": [{"created_by": "trimtab lab"} for _ in layers],
    }
    packed_config = json.dumps(config, sort_keys=True).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _described(_CONFIG, packed_config),
        "layers": [_described(_LAYER, layer) for layer in layers],
    }
    blobs = {_digest(blob): blob for blob in (packed_config, *layers)}
    return Image(name, tag, json.dumps(manifest, sort_keys=True).encode(), blobs)


def _described(kind: str, blob: bytes) -> dict[str, str | int]:
    return {"mediaType": kind, "digest": _digest(blob), "size": len(blob)}


def pause(tag: str = "1") -> Image:
    """Build the image that holds a pod's namespaces: it sleeps, reaps, and ends at once when told to."""
    return build("pause", tag, ["sh", "-c", _PAUSE])


def web(tag: str) -> Image:
    """Build a web server on port 8080 (or $PORT) that tells its tag at / and its pod's name at /cgi-bin/hostname."""
    files = {
        "/www/index.html": f"web {tag}\n",
        "/www/healthz": "ok\n",
        "/www/cgi-bin/hostname": "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'; hostname\n",
    }
    return build("web", tag, ["sh", "-c", _WEB], files=files, env={"VERSION": tag})


def standard() -> list[Image]:
    """Build what every lab's registry has from the start."""
    return [
        pause(),
        web("1.0"),
        web("1.1"),
        build("app", "1.0", ["sh", "-c", _PAUSE], files={"/etc/version": "1.0\n"}),
        build("app", "1.1", ["sh", "-c", _PAUSE], files={"/etc/version": "1.1\n"}),
        build("busybox", "1", ["sh"]),
    ]


def archive(image: Image, reference: str) -> bytes:
    """Pack an image as an OCI archive that `ctr images import` takes, under a full name."""
    described = {**_described(_MANIFEST, image.manifest), "annotations": {"io.containerd.image.name": reference}}
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [described]}
    files = {
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        "index.json": json.dumps(index).encode(),
        **{
            f"blobs/sha256/{digest.removeprefix('sha256:')}": blob
            for digest, blob in {**image.blobs, image.digest: image.manifest}.items()
        },
    }
    return _layer({name: (0o644, content) for name, content in files.items()})


@dataclass(frozen=True)
class Images:
    """The images of a lab: built here, served by its registry."""

    registry: str

    def reference(self, name: str, tag: str) -> str:
        """Return the full name that a pod writes in its `image` field."""
        return f"{self.registry}/{name}:{tag}"

    def build(
        self,
        name: str,
        tag: str,
        command: Sequence[str] = ("sh", "-c", _PAUSE),
        *,
        files: Mapping[str, str | bytes] | None = None,
        env: Mapping[str, str] | None = None,
        user: str = "",
    ) -> str:
        """Build an image and push it, moving the tag when it exists already; return its full name."""
        image = build(name, tag, command, files=files, env=env, user=user)
        self.push(image)
        return self.reference(name, tag)

    def push(self, image: Image, tag: str | None = None) -> str:
        """Upload an image under its own tag or another one and return its digest."""
        address, _, port = self.registry.partition(":")
        server = http.client.HTTPConnection(address, int(port), timeout=20)
        try:
            for digest, blob in image.blobs.items():
                self._push_blob(server, image.name, digest, blob)
            where = f"/v2/{image.name}/manifests/{tag or image.tag}"
            _answer(server, "PUT", where, 201, body=image.manifest, kind=_MANIFEST)
        except OSError as problem:
            raise LabError(f"the registry at {self.registry} does not answer: {problem}") from problem
        finally:
            server.close()
        return image.digest

    @staticmethod
    def _push_blob(server: http.client.HTTPConnection, name: str, digest: str, blob: bytes) -> None:
        server.request("HEAD", f"/v2/{name}/blobs/{digest}")
        known = server.getresponse()
        known.read()
        if known.status == 200:
            return
        place = _answer(server, "POST", f"/v2/{name}/blobs/uploads/", 202)
        mark = "&" if "?" in place else "?"
        _answer(server, "PUT", f"{place}{mark}digest={digest}", 201, body=blob, kind="application/octet-stream")


def _answer(
    server: http.client.HTTPConnection, method: str, where: str, wanted: int, *, body: bytes = b"", kind: str = ""
) -> str:
    server.request(method, where, body, {"Content-Type": kind} if kind else {})
    reply = server.getresponse()
    said = reply.read().decode(errors="replace").strip()
    if reply.status != wanted:
        raise LabError(f"the registry answered {method} {where} with {reply.status}: {said}")
    return reply.headers.get("Location", "")
