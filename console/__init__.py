"""The web page for the people on call. It shows and proposes; it holds no key."""
