"""Reads a chain from EVM nodes over JSON-RPC: connections, heads, blocks, traces, pending."""
