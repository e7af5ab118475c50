"""What the server knows about itself: features, versions, space, who uses how much."""
