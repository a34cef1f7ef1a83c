"""How people lead a braked protocol back. Proposes, checks and shows; sends nothing, ever."""
