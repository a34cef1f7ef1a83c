"""Pictures that services and reports draw of records: pure functions from a record to SVG text.

They hold no scripts, no styles from elsewhere and no addresses to fetch. Whatever comes from a
chain is bounded, stripped of invisible characters and escaped.
"""
