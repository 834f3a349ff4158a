#!/bin/sh
# A program of Wayside for whoever keeps this machine: /usr/local/bin has a link to it by each program's name.
#
# Typed by root it runs as the account whose state it is about: it reads what root may read, a bundle in root's own folder
# too, and writes as that account. Typed by anybody else, and where the whole machine is looked at, it is the program.
set -eu
name=${0##*/}
program=/opt/wayside/bin/$name
case $name in
wayside-edge) account=wayside state=wayside-edge ;;
wayside-provision) account=wayside-home state=wayside-home ;;
wayside-center | wayside-cluster) account=$name state=$name ;;
*) account='' state='' ;;
esac
[ "$account" != wayside-home ] || export WAYSIDE_HOME="${WAYSIDE_HOME:-/var/lib/wayside-home/home}"
case "$name ${1:-} ${2:-}" in
"wayside-provision cluster check" | "wayside-edge redact "*) account='' ;;
esac
if [ "$(id -u)" != 0 ] || [ -z "$account" ] || ! id "$account" >/dev/null 2>&1; then
    exec "$program" "$@"
fi
export HOME="/var/lib/$state"
# With no_setuid_fixup access(2), by which files are looked at before they are read, answers as open(2) does.
exec setpriv --reuid "$account" --regid "$account" --init-groups --no-new-privs --securebits=+no_setuid_fixup \
    --bounding-set=-all,+dac_read_search --inh-caps=-all,+dac_read_search --ambient-caps=-all,+dac_read_search \
    -- "$program" "$@"
