"""What an insurer asks, kept live: probability, exposure, tails and price, signed."""
