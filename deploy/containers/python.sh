#!/bin/sh
# Python's part of the images' build. The secrets `index` and `ca`, if they are given, are a package index of the site's
# own and the authority that it is trusted by; neither is in any layer.
#
#   python.sh tools                 the installer, that of the lock
#   python.sh wheel                 our wheel, from /src into /wheels
#   python.sh dependencies EXTRA    what an extra needs, by the lock and its hashes, into /opt/wayside
#   python.sh program NAME...       our wheel beside them, and of its programs these
set -eu
secrets=/run/secrets
[ ! -s $secrets/index ] || { PIP_INDEX_URL=$(cat $secrets/index) && UV_DEFAULT_INDEX=$PIP_INDEX_URL && export PIP_INDEX_URL UV_DEFAULT_INDEX; }
[ ! -s $secrets/ca ] || export PIP_CERT=$secrets/ca SSL_CERT_FILE=$secrets/ca
export PIP_RETRIES=1 UV_HTTP_RETRIES=1 UV_LINK_MODE=copy
uv=/build/tools/bin/uv

fail() {
    echo "images: no package index can be reached from the build, or it has not what the lock names: name one with PIP_INDEX_URL=, its authority with SSL_CERT_FILE=, and build again" >&2
    exit 1
}

case $1 in
tools)
    python3 -m venv /build/tools
    sed -n '/^uv==/,/[^\\]$/p' /src/requirements.lock >/build/uv.txt
    /build/tools/bin/pip --disable-pip-version-check --no-cache-dir install -q --only-binary :all: -r /build/uv.txt || fail
    ;;
wheel)
    $uv build -q --no-cache --wheel --python /usr/bin/python3 --build-constraints /src/requirements.lock --require-hashes \
        --out-dir /wheels /src || fail
    ;;
dependencies)
    cd /src
    $uv venv -q --python /usr/bin/python3 /opt/wayside
    $uv pip install -q --no-cache --python /opt/wayside/bin/python --only-binary :all: -c requirements.lock \
        -r pyproject.toml --extra "$2" || fail
    ;;
program)
    $uv pip install -q --no-cache --offline --no-deps --python /opt/wayside/bin/python /wheels/wayside-*.whl
    # Says when the wheel was built: it would be all that differs from one build to the next.
    for info in /opt/wayside/lib/python*/site-packages/wayside-*.dist-info; do
        rm "$info/uv_cache.json" && sed -i '/uv_cache\.json,/d' "$info/RECORD"
    done
    shift
    for each in /opt/wayside/bin/*; do
        case " $* " in *" ${each##*/} "*) continue ;; esac
        case ${each##*/} in python*) ;; *) rm "$each" ;; esac # others would not find what they need
    done
    ;;
esac
