"""Model files: every model of the package as a safetensors file, and back."""
