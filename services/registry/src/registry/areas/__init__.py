"""The country's areas: the edition that comes with the package, and loading it."""
