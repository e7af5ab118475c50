"""What docs/security.md promises, as far as it is not told by the tests of the parts that keep it."""
