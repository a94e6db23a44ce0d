"""Notifications: messages to the district heads, addressed to the office of the moment."""
