"""The record that anyone can verify: audit log, evidence, analysis, and topics kept for years."""
