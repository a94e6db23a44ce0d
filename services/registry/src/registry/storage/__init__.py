"""The registry's tables: stores take the connection, never open or commit."""
