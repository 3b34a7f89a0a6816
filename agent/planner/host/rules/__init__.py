"""What is to be done about a pod: one ordered table, and one file for each thing that can be done."""
