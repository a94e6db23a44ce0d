"""The rules of addressing, timing and wording; pure functions of values."""
