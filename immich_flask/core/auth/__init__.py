"""Who is asking, and how they prove it: passwords, sessions, API keys, PIN codes."""
