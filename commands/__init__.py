"""The groups of commands: parse, call, print. `cli.py` puts them together."""
