"""Whether somebody is in a picture that shows no face: turned away is not absent.

In: one RGB picture. Out: a confidence 0-1 that a person is in it, whatever way they face. Asked when the face mesh
found nobody. Two of MediaPipe's networks look: the pose detector (trained on persons, blind to some backs and side
views at its usual threshold) and the selfie segmentation for wide pictures (finds every person, and whatever else
stands in the foreground). Neither is enough by itself; `confidence.py` says how they are taken together.

Fails: with ValueError on what is no RGB picture.
"""
