"""What is said to whom, and how it gets there: written by `tell` in SQL, sent by the worker."""
