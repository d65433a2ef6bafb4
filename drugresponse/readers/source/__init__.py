"""A file before it is a table: what it holds, what it unpacks to, and what must be checked first."""
