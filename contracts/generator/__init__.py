"""Writes the published contract from the code: schemas, AsyncAPI, OpenAPI and golden examples."""
