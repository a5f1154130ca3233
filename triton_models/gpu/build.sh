#!/usr/bin/env bash
# Inside the official Triton image, with the repository mounted: makes the model repository for this GPU and this image,
# serves it and holds it to the contract. The folder stays, ready for `tritonserver --model-repository=FOLDER`.
#
#   docker run --rm --gpus all --shm-size=1g -e PIP_BREAK_SYSTEM_PACKAGES=1 -v "$PWD":/proctor -w /proctor "$TRITON_IMAGE" \
#       bash -c 'pip install -r triton_models/gpu/requirements.txt && triton_models/gpu/build.sh .state/gpu'
#
# TRITON_IMAGE is the reference of an official image with every backend (its tag ends in -py3), Python 3.11 or later.
# A folder that is there already is not built again but checked: its engine must be of this GPU and this TensorRT.
# TRITON_ARGUMENTS are handed to tritonserver, TRITON_GRPC_PORT (8001) is where it is asked.
set -euo pipefail

fail() { echo "build.sh: $*" >&2; exit 1; }
[ $# -ge 1 ] || fail "usage: build.sh FOLDER [--variant ensemble|batched] [--device gpu|cpu] [--models REPOSITORY]"
folder=$1; shift
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
port=${TRITON_GRPC_PORT:-8001}

command -v tritonserver >/dev/null || fail "tritonserver is not on PATH. Run inside the official Triton image"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "python3 is older than 3.11. Take a newer image"
missing=$(python3 -c '
from importlib.util import find_spec
names = "click msgspec numpy onnxruntime cv2 skimage tritonclient".split()
print(*(name for name in names if find_spec(name) is None))')
[ -z "$missing" ] || fail "python packages are missing: $missing. Run: pip install -r $root/triton_models/gpu/requirements.txt"

models=()
given=("$@")
for ((i = 0; i < $#; i++)); do
    [ "${given[i]}" != --models ] || models=(--models "${given[i + 1]:-}")
done
if [ -e "$folder/objects/config.pbtxt" ]; then
    python3 -m triton_models.gpu fits "$folder"
else
    python3 -m triton_models.gpu build "$folder" "$@"
fi

# shellcheck disable=SC2086  # several arguments are meant
tritonserver --model-repository="$folder" --grpc-port="$port" ${TRITON_ARGUMENTS:-} &
server=$!
python3 -m triton_models.gpu check --triton "localhost:$port" --wait 120 "${models[@]}" &
check=$!
trap 'kill "$check" "$server" 2>/dev/null || true; wait 2>/dev/null || true' EXIT
status=0
wait -n -p ended "$server" "$check" || status=$?
[ "$ended" = "$check" ] || fail "tritonserver ended by itself, with status $status: see the lines above"
[ "$status" = 0 ] || exit "$status"
echo "$folder: fulfils the contract"
