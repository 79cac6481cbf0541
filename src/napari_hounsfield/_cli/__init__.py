"""The commands of `hounsfield`: derived from the operations, and three of their own."""
