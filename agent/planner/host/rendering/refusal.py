class Refusal(Exception):
    """A pod that cannot be rendered: says why. It becomes a ``Waiting`` of reason ``refused``; nothing is touched."""
