"""What the services share: events, outbox, inbox, edges; no business rule."""
