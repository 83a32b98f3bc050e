// A library, not an architecture.
[1, 2, 3]
