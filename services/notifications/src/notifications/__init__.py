"""Notifications: messages to the district heads, addressed to the office and its holder of the moment."""
