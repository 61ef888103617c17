"""Programs that type checkers read and nobody runs: what is inferred, and what is refused."""
