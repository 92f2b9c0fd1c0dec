"""Build and refresh: sources into the database, through the encoders, into a snapshot that passes its gates."""
