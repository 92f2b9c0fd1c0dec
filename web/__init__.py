"""The server: hashtags over HTTP, and the pages. `application.py` puts it together, `serve.py` runs it."""
