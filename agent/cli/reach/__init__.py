"""From a verb into a pod: its containers' commands, files, ports and logs."""
