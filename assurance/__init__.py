"""Every deployment and upgrade in the watched set, examined as it happens; what no brake covers."""
