"""Checks of a plan before anything of it is done: everything it touches is there, and is ours."""
