"""Large poses from photographs: a labelled face is lifted from its picture, turned, drawn again."""
