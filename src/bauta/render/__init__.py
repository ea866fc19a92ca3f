"""Drawing: pictures from what was tracked. Reads FaceStates, never a network."""
