"""What networks run on: the CPU unless asked, and one clear sentence where a device is not there.

Accelerators are stand-ins: whether ONNX Runtime computes the same on them is not tested here.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import onnxruntime as ort
import pytest

from bauta.assets.store import read_model
from bauta.checks import InputError, ModelError
from bauta.engine import session as module
from bauta.engine.session import Session
from bauta.tracker import Tracker

CPU = "CPUExecutionProvider"
real = ort.InferenceSession


class Machine:
    """An onnxruntime with some providers: those that start, and those that only claim to."""

    def __init__(self, monkeypatch, listed=(), starting=()) -> None:
        self.asked: list = []
        self.starting = starting
        monkeypatch.setattr(ort, "get_available_providers", lambda: [*listed, CPU])
        monkeypatch.setattr(ort, "InferenceSession", self.session)
        monkeypatch.setattr(ort, "preload_dlls", lambda: None, raising=False)

    def session(self, model, sess_options, providers, enable_fallback):
        assert not enable_fallback
        self.asked.append(providers)
        inner = real(model, sess_options=sess_options, providers=[CPU])
        names = [one if isinstance(one, str) else one[0] for one in providers or ()]
        started = [name for name in names if name in self.starting]
        inner.get_providers = lambda: [*started, CPU]
        return inner


def test_the_cpu_is_the_default_and_asks_for_nothing_else(monkeypatch):
    machine = Machine(monkeypatch, ["CUDAExecutionProvider"], ["CUDAExecutionProvider"])
    assert Session(read_model("nano")).device == "cpu"
    assert machine.asked == [[CPU]]


@pytest.mark.parametrize(
    ("device", "provider"),
    [("cuda", "CUDAExecutionProvider"), ("coreml", "CoreMLExecutionProvider")],
)
def test_a_device_that_is_there_is_used_with_the_cpu_behind_it(monkeypatch, device, provider):
    machine = Machine(monkeypatch, [provider], [provider])
    assert Session(read_model("nano"), device=device).device == device
    assert machine.asked == [[(provider, {}), CPU]]


def test_one_of_several_cards_is_meant_by_its_number(monkeypatch):
    machine = Machine(monkeypatch, ["CUDAExecutionProvider"], ["CUDAExecutionProvider"])
    tracker = Tracker("nano", device="cuda:1")
    assert tracker.device == "cuda:1"
    second = [("CUDAExecutionProvider", {"device_id": "1"}), CPU]
    assert machine.asked == [second, second]  # regressor and detector
    machine.starting = ()
    with pytest.raises(InputError, match="cuda:7 does not start"):
        Session(read_model("nano"), device="cuda:7")


@pytest.mark.parametrize("device", ["cuda:", "cuda:x", "cuda:-1", "cpu:0", "auto:1", "gpu:0"])
def test_a_number_that_cannot_be_meant_is_refused(device):
    with pytest.raises(InputError, match=f"unknown '{device}'.*cuda:1"):
        Session(read_model("nano"), device=device)


@pytest.mark.parametrize(
    ("device", "help"),
    [("cuda", "onnxruntime-gpu"), ("coreml", "Mac"), ("webgpu", "onnxruntime-ep-webgpu")],
)
def test_a_device_that_is_missing_says_what_to_install(monkeypatch, device, help):
    Machine(monkeypatch)
    monkeypatch.setitem(sys.modules, module.WEBGPU_PLUGIN, None)
    module._register_webgpu.cache_clear()
    with pytest.raises(InputError, match=help):
        Tracker("nano", device=device)


def test_a_device_that_does_not_start_is_never_replaced_in_silence(monkeypatch):
    Machine(monkeypatch, ["CUDAExecutionProvider"], [])
    with pytest.raises(InputError, match="cuda does not start"):
        Session(read_model("nano"), device="cuda")


def test_auto_takes_the_first_that_starts(monkeypatch):
    both = ["CUDAExecutionProvider", "CoreMLExecutionProvider"]
    monkeypatch.setitem(sys.modules, module.WEBGPU_PLUGIN, None)
    for starting, device in ((both, "cuda"), (both[1:], "coreml"), ([], "cpu")):
        Machine(monkeypatch, both, starting)
        assert Tracker("nano", device="auto").device == device


def test_auto_on_a_plain_machine_is_the_cpu_to_the_bit():
    rng = np.random.default_rng(0)
    auto, cpu = (Session(read_model("nano"), device=device) for device in ("auto", "cpu"))
    if auto.device != "cpu":
        pytest.skip("this machine has an accelerator")
    crop = rng.integers(0, 255, (1, 72, 72, 3), dtype=np.uint8)
    for name, value in cpu.run({"crop": crop}).items():
        np.testing.assert_array_equal(auto.run({"crop": crop})[name], value)


def test_webgpu_is_registered_once_and_its_device_is_added(monkeypatch):
    registered, added = [], []
    card = SimpleNamespace(ep_name="WebGpuExecutionProvider")
    plugin = SimpleNamespace(get_library_path=lambda: "plugin.so")
    monkeypatch.setitem(sys.modules, module.WEBGPU_PLUGIN, plugin)
    monkeypatch.setattr(
        ort, "register_execution_provider_library", lambda *a: registered.append(a), raising=False
    )
    monkeypatch.setattr(ort, "get_ep_devices", lambda: [card] if registered else [], raising=False)

    class Options(ort.SessionOptions):
        def add_provider_for_devices(self, devices, settings):
            added.append(devices)

    monkeypatch.setattr(ort, "SessionOptions", Options)
    machine = Machine(monkeypatch)
    module._register_webgpu.cache_clear()

    def session(model, sess_options, providers, enable_fallback):
        inner = machine.session(model, sess_options, providers, enable_fallback)
        inner.get_providers = lambda: ["WebGpuExecutionProvider", CPU]
        return inner

    monkeypatch.setattr(ort, "InferenceSession", session)
    assert Tracker("nano", device="webgpu").device == "webgpu"
    assert registered == [("webgpu", "plugin.so")]
    assert added == [[card], [card]]  # regressor and detector
    registered.clear()
    with pytest.raises(InputError, match="no graphics card was found"):
        Session(read_model("nano"), device="webgpu")
    module._register_webgpu.cache_clear()


def test_a_bad_model_leaves_stdout_to_data(capfd):
    with pytest.raises(ModelError):
        Session(read_model("nano").replace(b"Conv", b"Co\xffv"))
    assert capfd.readouterr().out == ""


def test_an_unknown_device_is_refused_and_a_bad_model_is_no_device_error():
    with pytest.raises(InputError, match="choose one of auto, cpu, cuda, coreml, webgpu"):
        Session(read_model("nano"), device="gpu")
    with pytest.raises(ModelError, match="not a network"):
        Session(b"nothing", device="auto")
