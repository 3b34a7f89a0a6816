"""Where desired state comes from: a git repository, or a folder that is not committed; and what wakes for them.

GitSource(spec, cache_dir), FolderSource(path)          # ports.Source
close = watch.watch_repository(source.local_path, wake)       # a push into a repository on this machine
close = watch.watch_files([agent_yaml], wake)
"""

from agent.source.folder import FolderSource
from agent.source.git import GitSource

__all__ = ["FolderSource", "GitSource"]
