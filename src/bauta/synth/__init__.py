"""Training pictures made in 3D: `kinds.KINDS` names the ways, `bauta synth` packs them."""
