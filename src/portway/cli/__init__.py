"""The program `portway`: one module for each group of commands."""
