"""All that people do to a fleet while faults strike it: operating hosts, changing strategies, quotas and priorities."""
