"""Boxes as (x1, y1, x2, y2) in source pixels, x2 and y2 exclusive."""

BoxXYXY = tuple[float, float, float, float]
