"""Eligibility: every village's certification status, with reasons."""
