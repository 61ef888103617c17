"""What every rule is: a value that answers `within(window)`, and that combines with others into rules."""
