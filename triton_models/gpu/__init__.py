"""The object model on a GPU: the same tensors as on the CPU, from another model repository.

In: a model and its card, as `proctor model use` leaves them. Out: a folder that Triton serves, in one of two variants:
`ensemble` (DALI decodes and letterboxes, a TensorRT engine with the suppression inside finds boxes) and `batched` (one
python model over onnxruntime). Run: `python -m triton_models.gpu build|check`; inside the official image, build.sh.
How it fails: whatever this machine lacks is one line that says what and what to do; nothing is served that was not
compared with the CPU's boxes first. With `--device cpu` the same repositories run without a GPU, to try them out.
"""
