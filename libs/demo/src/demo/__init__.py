"""The whole system on one machine, and the story it is shown by."""
