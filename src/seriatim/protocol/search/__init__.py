"""The words of search: how text becomes terms, and what a query says; the same for every index."""
