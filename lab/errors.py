class LabError(Exception):
    """Something the user of the lab can understand and act on; shown without a traceback."""
