"""How neural networks are trained, whoever needs one. Importing `training` loads torch."""
