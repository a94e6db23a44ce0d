"""Eligibility over HTTP; paths, scopes and bodies here, everything else behind it."""
