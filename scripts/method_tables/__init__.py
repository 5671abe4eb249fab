"""The tables that scripts/method makes."""
