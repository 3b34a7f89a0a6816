"""The running agent as other verbs meet it: the words that they leave for it, and what it publishes."""
