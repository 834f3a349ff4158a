"""FastAPI routers, one noun a file."""
