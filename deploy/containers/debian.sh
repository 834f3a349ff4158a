#!/bin/sh
# Installs Debian packages in a stage of the images' build. A base that has them all needs no mirror.
#   debian.sh PACKAGE...
set -eu
! dpkg -s "$@" >/dev/null 2>&1 || exit 0
# A layer that a crash leaves half written is built anew: dpkg need not wait for the disk.
if ! apt-get -q update || ! DEBIAN_FRONTEND=noninteractive \
    apt-get -q install -y --no-install-recommends -o DPkg::Options::=--force-unsafe-io "$@"; then
    echo "images: no Debian mirror can be reached from the build for $*: mend its network, or take a base that has them: bin/images base, then BASE=localhost/wayside-base" >&2
    exit 1
fi
rm -rf /var/lib/apt/lists/*
