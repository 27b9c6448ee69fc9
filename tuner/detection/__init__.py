"""Finding objects in images: what networks are to answer, what their answers mean, and how good they are.

Objects and detections are arrays, so that they travel like any other truth and prediction. Places are shares of the
image that the network reads: 0 at its left or top edge, 1 at its right or bottom.
"""
