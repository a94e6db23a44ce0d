"""The whole system in one process: virtual time, and ports in memory that fail by seed."""
