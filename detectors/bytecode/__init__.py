"""What a contract's code tells before it is ever called."""
