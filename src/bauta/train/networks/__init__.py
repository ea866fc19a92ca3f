"""Networks, as thin torch modules."""
