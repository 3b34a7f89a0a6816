"""paramiko, imported without the command runner that it would bring.

``invoke`` serves only ``Match exec`` in OpenSSH configurations, which trimtab refuses anyway: a configuration file
must not run commands. Leaving it out makes every start of the command line a tenth of a second faster. paramiko
treats it as optional.
"""

import logging
import sys

_blocked = "invoke" not in sys.modules
if _blocked:
    sys.modules["invoke"] = None  # type: ignore[assignment] # None is how Python marks a module as not importable

import paramiko  # noqa: E402 - after the block above, which is the point of this module
from paramiko.buffered_pipe import BufferedPipe  # noqa: E402 - same
from paramiko.hostkeys import InvalidHostKey  # noqa: E402 - same
from paramiko.packet import Packetizer  # noqa: E402 - same
from paramiko.pkey import UnknownKeyType  # noqa: E402 - same
from paramiko.ssh_exception import IncompatiblePeer  # noqa: E402 - same

if _blocked:
    del sys.modules["invoke"]

# Every failure becomes a PortError; without this, paramiko also prints it, with a traceback.
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)

__all__ = ["BufferedPipe", "IncompatiblePeer", "InvalidHostKey", "Packetizer", "UnknownKeyType", "paramiko"]
