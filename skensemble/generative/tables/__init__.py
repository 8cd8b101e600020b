"""Tables as matrices of floats, and back."""
