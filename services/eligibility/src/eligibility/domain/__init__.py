"""What the programme's rules say: pure functions of facts, rule sets and days."""
