"""Looking after a home: verify, history, rollback, backup, metrics, models."""
