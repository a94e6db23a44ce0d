"""A real Kafka, Postgres and mail catcher on this machine, without Docker."""
