"""A Torch7 file made byte by byte."""

import struct


def tensor_bytes(values, sizes, strides, offset=1, kind="Float", form="f"):
    """A tensor as torch.save of Lua writes it, byte by byte."""

    def text(string):
        return struct.pack("<i", len(string)) + string.encode()

    head = struct.pack("<ii", 4, 1) + text("V 1") + text(f"torch.{kind}Tensor")
    head += struct.pack("<i", len(sizes)) + struct.pack(f"<{len(sizes)}q", *sizes)
    head += struct.pack(f"<{len(strides)}q", *strides) + struct.pack("<q", offset)
    store = struct.pack("<ii", 4, 2) + text("V 1") + text(f"torch.{kind}Storage")
    return head + store + struct.pack(f"<q{len(values)}{form}", len(values), *values)
