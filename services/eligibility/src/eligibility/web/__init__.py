"""The pages: what a bupati's staff, a camat and a branch officer see."""
