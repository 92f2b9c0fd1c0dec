"""Ground floor: the field's nouns, vectors, protocols and errors. Standard library and NumPy only."""
