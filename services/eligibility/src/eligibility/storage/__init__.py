"""Where eligibility keeps what it knows: stores take the connection, never open or commit."""
