"""The state directory: what the agent must not forget, its events, its lock, its key and its newest status.

journal = FileJournal(state_dir)             # ports.Journal, and events(newest)
with StateLock(state_dir, name): ...         # one agent a state directory; holder_of(state_dir) asks
key = fingerprint_key(state_dir)
publish_status(state_dir, content), read_status(state_dir)
"""

from agent.journal.file_journal import FileJournal
from agent.journal.key import fingerprint_key
from agent.journal.lock import Holder, StateLock, holder_of
from agent.journal.status_file import publish_status, read_status

__all__ = ["FileJournal", "Holder", "StateLock", "fingerprint_key", "holder_of", "publish_status", "read_status"]
