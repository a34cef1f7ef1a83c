"""One protocol warns another: signals out, signals in, and what an issuer's word is worth."""
