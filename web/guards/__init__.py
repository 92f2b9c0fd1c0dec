"""What every request passes before it is answered: who may ask, how often, and how much."""
