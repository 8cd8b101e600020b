"""Small networks: activations, passes forward and back, training."""
