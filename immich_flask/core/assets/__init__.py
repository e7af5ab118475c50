"""Assets: who sees them, how they come in, how they change, how they go."""
