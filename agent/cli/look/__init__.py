"""Looking at a fleet, changing nothing: what is declared, what every host shows, what would happen."""
