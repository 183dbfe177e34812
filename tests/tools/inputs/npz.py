"""Reads and writes .npz files with nothing but Python's own modules: what the tests of the program ogee use."""
import ast
import math
import struct
import zipfile

FORMATS = {"<f4": "f", "<f8": "d", "<i4": "i", "<i8": "q", "|b1": "?"}


def write(path, **arrays):
    """Each array is (NumPy's dtype text, shape, elements in row-major order)."""
    with zipfile.ZipFile(path, "w") as file:
        for name, (dtype, shape, elements) in arrays.items():
            assert len(elements) == math.prod(shape)
            header = repr({"descr": dtype, "fortran_order": False, "shape": tuple(shape)}).ljust(117) + "\n"
            data = struct.pack(f"<{len(elements)}{FORMATS[dtype]}", *elements)
            file.writestr(name + ".npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)


def show(path):
    """Prints a line for each array."""
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            data = file.read(name)
            length = struct.unpack("<H", data[8:10])[0]
            header = ast.literal_eval(data[10:10 + length].decode())
            count = math.prod(header["shape"])
            elements = struct.unpack(f"<{count}{FORMATS[header['descr']]}", data[10 + length:])
            print(name.removesuffix(".npy"), header["descr"], header["shape"], list(elements))
