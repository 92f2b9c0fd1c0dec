"""Published methods that the product is held against, trained networks apart."""
