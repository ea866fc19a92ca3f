"""One network, loaded from bytes, run on arrays. The only file that imports onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bauta.checks import ModelError, check_count


class Session:
    """A network on the CPU.

    `outputs` and `inputs` are the names in the file; `metadata` its string properties. ModelError
    when the bytes are not a network that ONNX Runtime can load.
    """

    def __init__(self, model: bytes, *, name: str = "model", threads: int = 1) -> None:
        check_count(threads, "threads")
        import onnxruntime as ort

        ort.disable_telemetry_events()
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(
                model, sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises a dozen private types
            reason = str(error).splitlines()[0][:200]
            raise ModelError(
                f"{name}: not a network that ONNX Runtime can load ({reason}); "
                "reinstall bauta or check the path"
            ) from error
        self.name = name
        self.inputs = [item.name for item in self._session.get_inputs()]
        self.outputs = [item.name for item in self._session.get_outputs()]
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs by name. ModelError when the network refuses the arrays."""
        try:
            values = self._session.run(self.outputs, dict(feeds))
        except Exception as error:
            reason = str(error).splitlines()[0][:200]
            raise ModelError(f"{self.name}: the network could not run ({reason})") from error
        return dict(zip(self.outputs, values, strict=True))  # type: ignore[arg-type]
