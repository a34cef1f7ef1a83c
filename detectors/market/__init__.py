"""What price bars say: the board of quotes, the watch that judges them, statistics under both."""
