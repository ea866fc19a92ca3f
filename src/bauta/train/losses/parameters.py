"""Parameters of a linear head weighed by how far each moves its vertices.

Weighted parameter distance cost: Zhu et al., "Face Alignment Across Large Poses: A 3D Solution",
CVPR 2016, section 3.4. sum_i w_i (p_i - g_i)^2 with w_i the distance of the vertices with the true
parameters but for the i-th, which is the predicted one, over the largest of these distances; in the
closed form of Guo et al., "Towards Fast, Accurate and Stable 3D Dense Face Alignment", ECCV 2020,
section 3.2 (fWPDC): a distance is the parameter's difference times what one unit of it moves.
"""

from __future__ import annotations

from torch import Tensor


def parameter_loss(said: Tensor, truth: Tensor, reach: Tensor, spread: Tensor) -> Tensor:
    """(B,) of parameters said and true (B, P). `reach` (B, P): how far one unit of each moves the
    true vertices; `spread` (P,): the standard deviations by which differences are divided. The
    weights are no way for the gradient."""
    d = said - truth
    moved = (d.detach() * reach).abs()
    weights = moved / moved.amax(1, keepdim=True).clamp_min(1e-9)
    return (weights * (d / spread) ** 2).sum(1)
