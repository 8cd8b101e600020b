"""The engine of CART: trees grown by the impurity of the rows themselves."""
