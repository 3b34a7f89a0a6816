"""The two planners: pure functions from what is declared and what was seen to what should be done."""
