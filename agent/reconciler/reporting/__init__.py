"""What the loops tell to the outside: snapshots, events, counts, and reasons why something waits."""
