"""The registry's rules: pure functions of values that return facts or raise a named refusal."""
