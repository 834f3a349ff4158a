"""Completes the OpenAPI document that FastAPI makes of the routes."""
