"""Measurements and the recipes behind shipped numbers. Not part of the product."""
