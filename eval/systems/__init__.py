"""What is compared: the product, networks, published methods and baselines, all by one protocol."""
