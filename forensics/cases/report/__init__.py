"""The report of one incident for people who decide: one set of words, as HTML and as PDF.

`view` says everything as plain text and tables; the two templates only lay it out. No word from the
chain is ever markup: HTML is escaped by Jinja, Typst gets it as data.
"""
