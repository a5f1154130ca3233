"""What hands do in a picture: one at the face or ear, a signal held up, something held.

In: one RGB picture and the boxes of its faces. Out: three confidences 0-1 and the hands' boxes. MediaPipe's palm
detector finds hands and its hand network places 21 landmarks on each (and takes back what is no hand); what the hand
does is geometry on those, and for something held the colour between thumb and fingers.

One picture shows where a hand is well, what it signs roughly, and what it holds badly: `grip.py` says how badly.
Whether something stays so is the rules' business. Fails: with ValueError on what is no RGB picture.
"""
