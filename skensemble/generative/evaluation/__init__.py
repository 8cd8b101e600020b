"""How good and how private a generated table is."""
