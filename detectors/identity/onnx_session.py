"""An ONNX network opened to run on one thread: a process of the pool has a core of its own, no other's."""

import onnxruntime


def open_network(document: bytes) -> onnxruntime.InferenceSession:
    """The network in an ONNX file's bytes. Raises: errors of onnxruntime, which have no class in common."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(document, options, providers=["CPUExecutionProvider"])
