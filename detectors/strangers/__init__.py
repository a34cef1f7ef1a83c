"""Detectors that did not ship with Firebreak: each in a confined process of its own.

`outside` is what the service holds, one `Stranger` for each plug-in and one `Confined` for each
protocol that it looks at; `inside` is what runs in the confined process; `messages` is what passes
between them. Nothing of a stranger's package is ever imported by the service.
"""
