"""Floor 0: what core and plugins agree on. Imports nothing of the floors above."""
