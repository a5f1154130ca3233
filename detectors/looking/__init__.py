"""Looks at pictures: a JPEG and what is wanted of it in, faces, hands, body, likeness out, in a pool of processes.

A process decodes a picture once and shows it to every network that is asked; `python -m detectors.looking` is one.
"""
