"""Registry: who is enrolled, which posts exist, who holds them, what was done to inform people."""
