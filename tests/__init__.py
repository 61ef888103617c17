"""The laws, the oracles and the builders that they share."""
