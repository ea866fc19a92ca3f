"""One network, loaded from bytes, run on arrays. The only file that imports onnxruntime."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from bauta.checks import InputError, ModelError, check_choice, check_count

DEVICES = ("auto", "cpu", "cuda", "coreml", "webgpu")
"""What networks can run on; `auto` is the first of cuda, coreml, webgpu that starts, else cpu."""
BY_SPEED = ("cuda", "coreml", "webgpu")
PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "webgpu": "WebGpuExecutionProvider",
}
TO_HAVE = {
    "cuda": "needs an NVIDIA card and, in place of onnxruntime, "
    'pip install "onnxruntime-gpu[cuda,cudnn]"',
    "coreml": "comes with onnxruntime on a Mac, and nowhere else",
    "webgpu": "needs a graphics card with its driver and pip install onnxruntime-ep-webgpu",
}
WEBGPU_PLUGIN = "onnxruntime_ep_webgpu"


class Session:
    """A network on a `device`; `device` then says which one, where "auto" was asked for. "cuda:1"
    is the second card, as NVIDIA's driver counts them; the others have no numbers.

    `outputs` and `inputs` are the names in the file; `metadata` its string properties. ModelError
    when the bytes are not a network that ONNX Runtime can load, InputError when the device is not
    to be had. `threads` are those of the CPU.
    """

    def __init__(
        self, model: bytes, *, name: str = "model", threads: int = 1, device: str = "cpu"
    ) -> None:
        check_count(threads, "threads")
        check_device(device)
        import onnxruntime as ort

        ort.disable_telemetry_events()
        self.name = name
        self.device = device
        if device == "auto":
            self.device, self._session = _first(ort, model, name, threads)
        elif device == "cpu":
            self._session = _on_cpu(ort, model, name, threads)
        else:
            self._session = _on(ort, device, model, threads)
        self.inputs = [item.name for item in self._session.get_inputs()]
        self.outputs = [item.name for item in self._session.get_outputs()]
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs by name. ModelError when the network refuses the arrays."""
        try:
            values = self._session.run(self.outputs, dict(feeds))
        except Exception as error:
            raise ModelError(
                f"{self.name}: the network could not run ({_reason(error)})"
            ) from error
        return dict(zip(self.outputs, values, strict=True))


def check_device(device: str) -> tuple[str, str]:
    """The kind of device and its number, or nothing; InputError for one that cannot be meant."""
    kind, colon, number = device.partition(":")
    if not colon:
        return check_choice(kind, DEVICES, "device"), ""
    if kind != "cuda" or not (number.isascii() and number.isdecimal()):
        raise InputError(
            f"device: unknown {device!r}; choose one of {', '.join(DEVICES)}, or one of several "
            "NVIDIA cards by its number: cuda:0, cuda:1"
        )
    return kind, number


def _options(ort: ModuleType, threads: int) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options


def _load(ort: ModuleType, model: bytes, options: Any, providers: list[Any] | None) -> Any:
    # Its fallback to other providers prints to stdout, where data goes.
    return ort.InferenceSession(
        model, sess_options=options, providers=providers, enable_fallback=False
    )


def _on_cpu(ort: ModuleType, model: bytes, name: str, threads: int) -> Any:
    try:
        return _load(ort, model, _options(ort, threads), [PROVIDERS["cpu"]])
    except Exception as error:  # onnxruntime raises a dozen private types
        raise ModelError(
            f"{name}: not a network that ONNX Runtime can load ({_reason(error)}); "
            "reinstall bauta or check the path"
        ) from error


def _first(ort: ModuleType, model: bytes, name: str, threads: int) -> tuple[str, Any]:
    """The fastest device that the network starts on."""
    for device in BY_SPEED:
        try:
            return device, _on(ort, device, model, threads)
        except InputError:
            continue
    return "cpu", _on_cpu(ort, model, name, threads)


def _on(ort: ModuleType, device: str, model: bytes, threads: int) -> Any:
    """A session on an accelerator; InputError with what to do when it cannot be had."""
    options = _options(ort, threads)
    kind, number = check_device(device)
    providers = None
    if kind == "webgpu":
        options.add_provider_for_devices([_webgpu(ort)], {})
    elif PROVIDERS[kind] in ort.get_available_providers():
        card = {"device_id": number} if number else {}
        providers = [(PROVIDERS[kind], card), PROVIDERS["cpu"]]
    else:
        raise InputError(f"device: {kind} is not in this onnxruntime; it {TO_HAVE[kind]}")
    if kind == "cuda" and hasattr(ort, "preload_dlls"):
        ort.preload_dlls()  # those of NVIDIA's pip packages, which no loader looks for
    try:
        session = _load(ort, model, options, providers)
    except Exception as error:
        raise _no_start(device, _reason(error)) from error
    if PROVIDERS[kind] not in session.get_providers():  # it falls back to the CPU in silence
        raise _no_start(device, "ONNX Runtime went on without it")
    return session


def _webgpu(ort: ModuleType) -> Any:
    """The device of the plugin."""
    try:
        _register_webgpu(ort)
        found = [one for one in ort.get_ep_devices() if one.ep_name == PROVIDERS["webgpu"]]
    except ImportError as error:
        raise InputError(f"device: webgpu is not installed; it {TO_HAVE['webgpu']}") from error
    except AttributeError as error:
        raise _no_start("webgpu", "onnxruntime is older than 1.24.4") from error
    except Exception as error:
        raise _no_start("webgpu", _reason(error)) from error
    if not found:
        raise _no_start("webgpu", "no graphics card was found")
    return found[0]


@cache
def _register_webgpu(ort: ModuleType) -> None:
    """Once a process: onnxruntime refuses a second time."""
    plugin = importlib.import_module(WEBGPU_PLUGIN)
    ort.register_execution_provider_library("webgpu", plugin.get_library_path())


def _no_start(device: str, why: str) -> InputError:
    kind, _ = check_device(device)
    return InputError(f"device: {device} does not start ({why}); it {TO_HAVE[kind]}")


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
