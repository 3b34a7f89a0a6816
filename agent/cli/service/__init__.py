"""What makes ``trimtab agent`` a good service: talks to systemd, logs, serves metrics."""
