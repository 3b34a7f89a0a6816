"""The fleet loop: what is declared and seen, to what every host is to run."""
