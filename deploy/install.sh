#!/bin/sh
# Install, upgrade or remove Wayside on a bare Debian without internet, from one signed release archive (docs/install.md).
#
#   install.sh --role edge --key release.pub FILE     the first time: whose releases are trusted from then on
#   install.sh --role edge FILE                       an upgrade; the version before stays beside it
#   install.sh --role edge --downgrade FILE           an older release than the one in use, which is meant
#   install.sh --role edge --back                     the version before, again
#   install.sh --role edge --uninstall [--purge]      stop and remove it; with --purge its data, keys and spool too,
#                                                     and what a plan laid under /etc; what stays is named
#   install.sh --sbom                                 the bill of materials of what is in use, if it is as it was signed
#   install.sh --requested DIR                        what an agent asks for in its own folder (docs/rollouts.md)
#   install.sh --boot                                 back from a version that had not proved itself when power went
#
# Two folders, a and b, and one link that says which is in use: an upgrade is one rename, and nothing of the version in
# use is touched before it. Killed at any step, the same command run again finishes. Needs python3, openssl, tar, flock.
set -eu
umask 022
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
unset PYTHONPATH PYTHONHOME PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE PIP_FIND_LINKS PIP_TARGET || true

role='' key='' file='' root='' act=install purge='' health='' data='' downgrade='' asker='' number='' told='' patience=10

say() { echo "install: $*"; }
step() { echo "install: step $*"; }
fail() {
    echo "install: $*" >&2
    tell refused "$*"
    exit 2
}
tell() {
    # What became of a request, for the agent that made it: one line of number and verdict, one of cause; root's alone.
    [ -n "$number" ] && [ -z "$told" ] || return 0
    printf '%s %s\n%s\n' "$number" "$1" "$2" >"$opt/.update-result"
    mv "$opt/.update-result" "$opt/update-result"
    sync -f "$opt"
    told=yes
}

while [ $# -gt 0 ]; do
    case $1 in
    --role) role=${2:?--role needs a name} && shift ;;
    --key) key=${2:?--key needs a file} && shift ;;
    --root) root=${2:?--root needs a folder} && shift ;;
    --health) health=${2:?--health needs a command} && shift ;;
    --back) act=back ;;
    --downgrade) downgrade=yes ;;
    --requested) asker=${2:?--requested needs a folder} act=requested && shift ;;
    --boot) act=boot ;;
    --uninstall) act=uninstall ;;
    --sbom) act=sbom ;;
    --purge) purge=yes ;;
    -*) fail "unknown option $1; see the head of this file" ;;
    *) [ -z "$file" ] || fail "one release archive at a time" && file=$1 ;;
    esac
    shift
done
[ -z "$root" ] || root=$(cd "$root" && pwd) || fail "--root: no such folder"
opt=$root/opt/wayside etc=$root/etc/wayside units=$root/etc/systemd/system sysusers=$root/etc/sysusers.d
commands=$root/usr/local/bin acting=/opt/wayside/current/act-as.sh
installed_role=$(cat "$opt/role" 2>/dev/null || true)
case $act in
requested | boot)
    [ -n "$installed_role" ] || { say "nothing is installed here" && exit 0; }
    role=${role:-$installed_role}
    ;;
sbom)
    [ -n "$installed_role" ] || fail "nothing is installed here"
    role=${role:-$installed_role}
    ;;
esac
case $role in
edge) data='wayside-edge' ;;
business) data='wayside-center wayside-home' ;;
parse | archive | storage) data='wayside-cluster' ;;
all) data='wayside-edge wayside-center wayside-home wayside-cluster' ;;
*) fail "give --role edge, business, parse, archive, storage or all" ;;
esac
[ -z "$installed_role" ] || [ "$installed_role" = "$role" ] ||
    fail "this machine has the role $installed_role, and --role says $role: uninstall that one first"

has_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }
current() { readlink "$opt/current" 2>/dev/null || true; }
signed() {
    # Is the manifest in the folder $2 signed by the key $1?
    openssl pkeyutl -verify -pubin -inkey "$1" -rawin -in "$2/manifest" -sigfile "$2/manifest.sig" >/dev/null 2>&1
}
names() { [ ! -f "$opt/$1/units.list" ] || cat "$opt/$1/units.list"; }
# Those of the release and those that a plan rendered. Not those that wait for an update: they are what waits here; nor
# backups: they come by their timers.
services() {
    {
        names "$1"
        laid
    } | sed -n 's|.*/\(wayside-[^/]*\.service\)$|\1|p' | sed '/^wayside-update/d; /^wayside-backup-/d' | sort -u
}
laid() {
    # What `wayside-provision cluster render` laid here, but for what keeps the machine shut or its clock right.
    for place in "$root"/etc/wayside-* "$units"/wayside-* "$units"/var-lib-wayside*.mount "$sysusers"/wayside-* \
        "$root"/etc/tmpfiles.d/wayside-* "$root"/etc/sysctl.d/*-wayside.conf "$root"/etc/systemd/*.d/wayside.conf \
        "$units"/*.d/wayside.conf "$root"/etc/prometheus/wayside "$root"/etc/exports.d/wayside.exports \
        "$root"/etc/nfs.conf.d/wayside.conf "$root"/etc/postgresql/*/main/conf.d/wayside.conf \
        "$root"/etc/grafana/provisioning/*/wayside.yaml; do
        [ ! -e "$place" ] || printf '%s\n' "$place"
    done
}
halt() {
    # Stopped, and not started again by anybody. $1: files, of which units matter; what starts another goes before it.
    has_systemd || return 0
    for kind in timer path socket service mount; do
        printf '%s\n' "$1" | sed -n "s,.*/\([^/]*\.$kind\)\$,\1,p" | sort -u | while read -r unit; do
            systemctl stop -- "$unit" || true
            [ "$(systemctl is-enabled -- "$unit" 2>/dev/null)" != enabled ] || systemctl disable --quiet -- "$unit"
        done
    done
}
room_for() {
    needed=$(($2 * $(stat -c %s "$1") / 1024)) free=$(df -Pk "$opt" | awk 'NR == 2 { print $4 }')
    [ "$free" -gt "$needed" ] ||
        fail "$((needed / 1024)) MiB are needed under $opt, $((free / 1024)) are free: nothing was changed"
}

switch_to() {
    # One rename: there is never a moment without a version in use.
    ln -sfn "$1" "$opt/.next"
    mv -T "$opt/.next" "$opt/current"
    sync -f "$opt"
}

put_units() {
    mkdir -p "$units" "$sysusers"
    : >"$opt/$1/units.list"
    for each in "$opt/$1"/units/*; do
        [ -f "$each" ] || continue
        name=${each##*/}
        case $name in
        *.sysusers) place=$sysusers/${name%.sysusers}.conf ;;
        *) place=$units/$name ;;
        esac
        cp "$each" "$place.new"
        mv "$place.new" "$place"
        echo "$place" >>"$opt/$1/units.list"
    done
    ! has_systemd || { systemd-sysusers && make_homes "$1" && systemctl daemon-reload; }
}

make_homes() {
    # What an account works in, before its unit first starts: the first command of all is typed by a person.
    sed -n 's|^u \([^ ]*\) .* \(/[^ ]*\)$|\1 \2|p' "$opt/$1"/units/*.sysusers | while read -r account folder; do
        [ -d "$folder" ] || install -d -m 700 -o "$account" -g "$account" "$folder" || exit 1
    done
}

programs() { sed -n 's/^programs //p' "$opt/$1/manifest" | tr ' ' '\n'; }
put_commands() {
    # Each program in everybody's PATH, as the account that it is for.
    mkdir -p "$commands"
    for program in $(programs "$1"); do
        if [ -e "$commands/$program" ] && [ ! -L "$commands/$program" ]; then
            say "left as it is: $commands/$program, which is not ours; ours is $opt/bin/$program"
        else
            ln -sfn "$acting" "$commands/$program"
        fi
    done
}

failure() {
    # Of a unit that does not run: systemd's result, how often it was started, and the last line that it wrote itself.
    result=$(systemctl show -P Result -- "$1" | sed '/^success$/d') again=$(systemctl show -P NRestarts -- "$1")
    journalctl --sync || true
    wrote=$(journalctl -q -n 1 -o cat "_SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID -- "$1")" | cut -c 1-200)
    echo "$1 (${result:+$result, }tries: $((again + 1)); see journalctl -u $1)${wrote:+: $wrote}"
}

restart() {
    # What runs is started anew; what the operator has not enabled is left alone.
    has_systemd || return 0
    for unit in $(services "$1"); do
        systemctl try-restart "$unit" || { unwell="failed to start: $(failure "$unit")" && return 1; }
    done
}

revive() {
    # These units run again, those too that systemd has given up: no try-restart would start them.
    for unit in $1; do
        systemctl reset-failed -- "$unit" 2>/dev/null || true # one that is not loaded has nothing to reset
        systemctl restart -- "$unit" || say "$unit does not start; see journalctl -u $unit"
    done
}

runs() { systemctl is-active --quiet "$1"; }
ran_through() { runs "$1" && [ "$(systemctl show -P NRestarts -- "$1")" -eq 0 ]; }
fallen() {
    # The units that ran before the change and of which $1 is not true.
    while read -r unit; do
        "$1" "$unit" || failure "$unit"
    done <"$opt/.running"
}

note_running() {
    # What runs before the change is what has to run after it; noted once, also where the change is begun again.
    has_systemd && [ ! -f "$opt/.running" ] || return 0
    for unit in $(services "$1"); do
        ! systemctl is-active --quiet "$unit" || echo "$unit"
    done >"$opt/.noted"
    mv "$opt/.noted" "$opt/.running"
}

before_trial() { [ ! -f "$opt/trying" ] || cut -d ' ' -f 1 <"$opt/trying"; }

try_from() {
    # From here on a boot goes back to $1, until the new one has proved itself. Nothing before it: nothing to go back to.
    [ -n "$1" ] || return 0
    echo "$1 ${number:--}" >"$opt/.trying"
    mv "$opt/.trying" "$opt/trying"
    sync -f "$opt"
}

confirm() {
    if [ -f "$opt/$1/install.sh" ]; then # what comes up after a power cut is never of a version that is not proved
        cp "$opt/$1/install.sh" "$opt/.install.sh"
        mv "$opt/.install.sh" "$opt/install.sh"
    fi
    rm -f "$opt/trying" "$opt/.running"
    sync -f "$opt"
}

go_back_to() {
    put_units "$1"
    switch_to "$1"
    rm -f "$opt/trying" "$opt/.running"
    sync -f "$opt"
}

proves_itself() {
    # The agent of the new version says so, in its own folder, once its cameras and the broker are there.
    for _ in $(seq "$patience"); do
        [ ! -f "$asker/healthy" ] || [ -L "$asker/healthy" ] ||
            [ "$(head -c 200 "$asker/healthy" | tr -d '\000')" != "$number $(cat "$opt/$1/version")" ] || return 0
        sleep 1
    done
    return 1
}

is_well() {
    if [ -n "$health" ]; then
        sh -c "$health"
    elif [ -n "$asker" ]; then
        proves_itself "$1" && return 0
        ! has_systemd || unwell=$(fallen ran_through)
        unwell=${unwell:+did not keep running: $unwell}
        unwell=${unwell:-did not prove itself within $patience s}
        return 1
    elif has_systemd && [ -s "$opt/.running" ]; then # where nothing ran, nothing can have fallen
        sleep 10
        unwell=$(fallen runs)
        [ -z "$unwell" ] || { unwell="did not keep running: $unwell" && return 1; }
    fi
}

use() {
    # From here on: units, the switch, and back again where the new one is not well. $1: the slot, $2: the one before.
    step "6 units"
    unwell=''
    [ -z "$2" ] || note_running "$2"
    try_from "$2"
    put_units "$1"
    step "7 switch to $1 ($(cat "$opt/$1/version"))"
    switch_to "$1"
    ln -sfn current/bin "$opt/bin"
    ln -sfn current/models "$opt/models"
    put_commands "$1"
    step "8 health"
    if restart "$1" && is_well "$1"; then
        confirm "$1"
        tell applied ''
        say "version $(cat "$opt/$1/version") is in use"
        [ -n "$2" ] || say "in PATH, acting for root as the accounts that they are for: $(programs "$1" | tr '\n' ' ')"
        return 0
    fi
    what="version $(cat "$opt/$1/version") ${unwell:-is not well}"
    if [ -z "$2" ] || [ ! -f "$opt/$2/complete" ]; then
        fail "$what, and there is none before it; see journalctl"
    fi
    ran=$(cat "$opt/.running" 2>/dev/null || true)
    go_back_to "$2"
    revive "$ran"
    tell rolled_back "$what"
    fail "$what: back to $(cat "$opt/$2/version"), which is in use again"
}

leave_debians() {
    # Debian's own services, which a plan set up: they start without what is gone, and what stays is told with its reason.
    ours="Rendered by wayside-provision"
    for place in prometheus prometheus-node-exporter; do
        if grep -qs "$ours" "$root/etc/default/$place"; then
            echo 'ARGS=""' >"$root/etc/default/$place"
        fi
    done
    rm -f "$root"/var/lib/systemd/timers/stamp-wayside-*
    find "$root"/etc/systemd/*.d "$units"/*.d "$root/etc/prometheus" "$root/etc/exports.d" "$root/etc/nfs.conf.d" \
        -maxdepth 0 -empty -delete 2>/dev/null || true
    for place in nftables.conf grafana/grafana.ini default/chrony chrony/wayside.conf chrony/sources.d/wayside.sources; do
        case $place in
        nftables.conf) why='without it the machine would be open' ;;
        *chrony*) why='without it the clock asks others than the plan names' ;;
        *) why='without it Grafana would listen everywhere, with its password of delivery' ;;
        esac
        case $place in */wayside.*) ours='' ;; esac
        ! grep -qs "$ours" "$root/etc/$place" || say "kept: $root/etc/$place: $why"
    done
}

# --- tell -------------------------------------------------------------------------------------------------------------

if [ "$act" = sbom ]; then
    slot=$opt/$(current) bill=sbom.cdx.json
    [ -f "$slot/$bill" ] || fail "version $(cat "$slot/version") came without a bill of materials"
    signed "$etc/release.pub" "$slot" || fail "$slot/manifest: not signed by the key that is trusted here, or changed since"
    (cd "$slot" && sed -n "s/^sha256 \([0-9a-f]*\) $bill\$/\1  $bill/p" manifest | sha256sum --check --status --strict) ||
        fail "$slot/$bill: is not what was signed"
    cat "$slot/$bill"
    exit 0
fi

# --- remove -----------------------------------------------------------------------------------------------------------

if [ "$act" = uninstall ]; then
    [ -z "$file" ] || fail "--uninstall takes no archive"
    listed=$(names a && names b)
    halt "$(laid && printf '%s\n' "$listed")"
    for place in $listed; do rm -f "$place" "$place.new"; done
    backups=$(sed -n 's/^d \(.*\) 0755 root root -$/\1/p' "$root/etc/tmpfiles.d/wayside-backup.conf" 2>/dev/null || true)
    laid | while read -r place; do
        if [ -n "$purge" ]; then
            case $place in
            */systemd-journal-*.d/wayside.conf) # it would fail for want of its key
                ! has_systemd || systemctl disable --now systemd-journal-upload.service systemd-journal-remote.socket || true
                ;;
            */postgresql/*) say "kept: PostgreSQL's database wayside; where that is meant: dropdb wayside" ;;
            esac
            rm -rf "$place"
        else
            case $place in "$root"/etc/wayside-*) say "kept: $place; --purge removes it, with its keys" ;; esac
        fi
    done
    for link in "$commands"/wayside-*; do
        [ "$(readlink "$link")" != "$acting" ] || rm "$link"
    done
    rm -rf "$opt" "$etc/release.pub"
    rmdir "$etc" "$sysusers" 2>/dev/null || true
    for name in $data; do
        if [ -n "$purge" ]; then
            # What is mounted there is another machine's, or another disk's.
            rm -rf --one-file-system "$root/var/lib/$name" "$root/var/cache/$name" ||
                say "kept: what is mounted under $root/var/lib/$name"
        elif [ -e "$root/var/lib/$name" ]; then
            say "kept: $root/var/lib/$name; --purge removes it, with its keys and what it has not delivered"
        fi
    done
    [ -z "$purge" ] || leave_debians
    backups=$root${backups:-/srv/wayside-backup}
    [ ! -e "$backups" ] ||
        say "kept: $backups: backups, with pictures, records and every key; where that is meant: rm -rf $backups"
    ! has_systemd || systemctl daemon-reload
    say "removed"
    exit 0
fi

# --- what is needed ---------------------------------------------------------------------------------------------------

missing=''
for program in python3 openssl tar flock sha256sum; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
[ -z "$missing" ] || fail "missing:$missing; from Debian's own medium: apt-get install python3 openssl tar util-linux"
mkdir -p "$opt" "$etc"
exec 9>"$opt/.lock"
flock -n 9 || fail "another install.sh is at work here"

if [ "$act" = boot ]; then
    before=$(before_trial)
    [ -n "$before" ] && [ -f "$opt/$before/complete" ] || { say "nothing is on trial" && exit 0; }
    number=$(cut -d ' ' -f 2 <"$opt/trying")
    case $number in *[!0-9]*) number='' ;; esac
    case $before in a) new=b ;; *) new=a ;; esac
    go_back_to "$before"
    tell rolled_back "version $(cat "$opt/$new/version") had not proved itself when the machine went down"
    say "back to version $(cat "$opt/$before/version"): the newer one had not proved itself"
    exit 0
fi

# Copies a file of the agent's folder to one of root's. It is opened once, and what was opened is looked at, sized and
# read: by its name it could be another file, a link or a pipe a moment later.
taken() {
    python3 -I - "$asker" "$@" <<'END'
import os, shutil, stat, sys
folder, name, most, target, times = sys.argv[1:]
try:
    inside = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=inside)
except OSError:
    sys.exit(4)
found = os.fstat(source)
if not stat.S_ISREG(found.st_mode):
    sys.exit(4)
place = os.path.dirname(target)
size, free = min(found.st_size, int(most)), shutil.disk_usage(place).free
if size * int(times) >= free:
    print(f"{size * int(times) >> 20} MiB are needed under {place}, {free >> 20} are free")
    sys.exit(3)
with open(source, "rb") as read, open(target, "wb") as written:
    while size > 0 and (part := read.read(min(size, 1 << 20))):
        size -= written.write(part)
END
}

if [ "$act" = requested ]; then
    # The folder is the agent's: nothing is written there, and nothing of it is believed that is not checked here.
    taken request 4096 "$opt/.request" 1 >/dev/null || { say "nothing is asked for" && exit 0; }
    text=$(tr -d '\000' <"$opt/.request")
    asked() { printf '%s\n' "$text" | sed -n "s/^$1 //p" | head -n 1; }
    [ "$(printf '%s\n' "$text" | head -n 1)" = "wayside-update 1" ] || fail "$asker/request: is no request"
    number=$(asked number) patience=$(asked health) wanted=$(asked version)
    case $number:$patience in
    *[!0-9:]* | :* | *: | ??????????????????????*) number='' && fail "$asker/request: is no request" ;;
    esac
    [ "$patience" -le 3600 ] || patience=3600
    [ "$(sed -n '1s/ .*//p' "$opt/update-result" 2>/dev/null)" != "$number" ] ||
        { say "this request was answered" && exit 0; }
    trap 'tell refused "install.sh ended early: journalctl -u wayside-update"' EXIT
    now=$(current)
    trial=$(before_trial)
    if [ -n "$trial" ]; then # killed while a version was on trial, and the machine was not: its trial begins again
        case $trial in a) now=b ;; *) now=a ;; esac
        [ -f "$opt/$now/complete" ] || fail "the version on trial is gone"
        use "$now" "$trial"
        exit 0
    elif [ "$(asked act)" = back ]; then
        [ "$(cat "$opt/$now/version")" = "$wanted" ] || { tell applied '' && exit 0; }
        act=back
    else
        act=install file=$opt/.archive
        if [ "$(asked downgrade)" = yes ]; then
            [ -f "$etc/allow-remote-downgrade" ] ||
                fail "an older version from afar needs $etc/allow-remote-downgrade, an empty file of root's"
            downgrade=yes
        fi
        # A copy: the agent's own could be another one by the time it is unpacked.
        found=0 room=$(taken archive.wayside 2147483648 "$file" 5) || found=$?
        case $found in
        0) ;;
        3) fail "$room: nothing was changed" ;;
        *) fail "the agent has fetched no archive" ;;
        esac
    fi
fi

if [ "$act" = back ]; then
    now=$(current)
    case $now in a) before=b ;; b) before=a ;; *) fail "nothing is installed here" ;; esac
    [ -f "$opt/$before/complete" ] || fail "there is no version before $(cat "$opt/$now/version")"
    use "$before" "$now"
    exit 0
fi

# --- is it ours, and for here? ----------------------------------------------------------------------------------------

[ -n "$file" ] || fail "give the release archive"
[ -f "$file" ] || fail "$file: no such file"
trusted=$etc/release.pub
if [ -f "$trusted" ]; then
    [ -z "$key" ] || cmp -s "$key" "$trusted" ||
        fail "$key: another key than the one whose releases are trusted here ($trusted); if that is meant, uninstall first"
else
    [ -n "$key" ] || fail "the first time give --key release.pub: whose releases are trusted here from now on"
    [ -f "$key" ] || fail "$key: no such file"
fi
step "1 signature"
incoming=$opt/.incoming
rm -rf "$incoming"
mkdir -m 700 "$incoming"
trap 'rm -rf "$incoming" "$opt/.archive"; tell refused "install.sh ended early: journalctl -u wayside-update"' EXIT
for part in manifest manifest.sig; do
    tar -xOf "$file" "$part" 2>/dev/null | head -c 4194304 >"$incoming/$part"
    [ -s "$incoming/$part" ] || fail "$file: is no release archive (it has no $part), or was cut short"
done
if [ -f "$trusted" ]; then by=$trusted; else by=$key; fi
signed "$by" "$incoming" || fail "$file: not signed by the key that is trusted here ($by), or changed since: do not use it"

header() { sed -n "s/^$1 //p" "$incoming/manifest" | head -n 1; }
[ "$(head -n 1 "$incoming/manifest")" = "wayside-release 1" ] || fail "$file: of a kind that this install.sh does not read"
step "2 role and machine"
[ "$(header role)" = "$role" ] || fail "$file: is for role $(header role), and this machine is to be $role"
arch=$(uname -m)
[ "$(header arch)" = "$arch" ] || fail "$file: is for $(header arch), and this machine is $arch"
python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "$(header python)" = "$python" ] || fail "$file: is for Python $(header python), and this machine has $python"
absent=''
for package in $(header debian); do
    [ -n "$root" ] || dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || absent="$absent $package"
done
[ -z "$absent" ] || fail "Debian packages are missing:$absent; from Debian's own medium: apt-get install$absent"
version=$(header version)

# --- unpack into the slot that is not in use --------------------------------------------------------------------------

now=$(current)
case $now in a) slot=b ;; *) slot=a ;; esac
if [ -n "$now" ] && cmp -s "$incoming/manifest" "$opt/$now/manifest" && [ -f "$opt/$now/complete" ]; then
    rm -rf "$incoming"
    say "this very release, $version, is in use already"
    use "$now" "$(before_trial)"
    exit 0
fi
# The same order as provisioning/contracts/fleet/release.py: says yes where the second is older than the first, or where they
# cannot be compared.
older='
import re, sys
form = re.compile(r"(\d{1,9}(?:\.\d{1,9}){0,5})(?:(a|b|rc)(\d{1,9}))?(?:\.post(\d{1,9}))?(?:\.dev(\d{1,9}))?(?:\+[0-9A-Za-z.]{1,40})?")
def key(text):
    found = form.fullmatch(text)
    if found is None:
        return None
    numbers, phase, count, post, dev = found.groups()
    release = [int(part) for part in numbers.split(".")]
    while release and release[-1] == 0:
        release.pop()
    rank = 3 if phase is None else ("a", "b", "rc").index(phase)
    if dev is not None and phase is None and post is None:
        rank = -1
    return release, rank, int(count or 0), -1 if post is None else int(post), 10**10 if dev is None else int(dev)
present, new = map(key, sys.argv[1:])
print("yes" if sys.argv[1] != sys.argv[2] and (present is None or new is None or new < present) else "no")
'
if [ -n "$now" ] && [ -z "$downgrade" ]; then
    [ "$(python3 -c "$older" "$(cat "$opt/$now/version")" "$version")" = no ] ||
        fail "$file: is version $version, older than $(cat "$opt/$now/version"), which is in use; if that is meant: --downgrade"
fi
step "3 contents"
sed -n 's/^sha256 [0-9a-f]* //p' "$incoming/manifest" | sort >"$incoming/named"
tar -tf "$file" | grep -v -x -e manifest -e manifest.sig | sort >"$incoming/found" || true
cmp -s "$incoming/named" "$incoming/found" || fail "$file: does not hold just what its manifest names: do not use it"
! tar -tvf "$file" | grep -q -v '^-' || fail "$file: holds links or devices: do not use it"
# The archive, the same unpacked, and what wheels unpack to: measured 2.9 times the archive for the edge.
room_for "$file" 4
rm -f "$opt/$slot/complete" # first: half of a version is none to go back to
rm -rf "${opt:?}/$slot"
mkdir "$opt/$slot"
tar -xf "$file" -C "$opt/$slot" --no-same-owner --no-same-permissions
(cd "$opt/$slot" && sed -n 's/^sha256 \([0-9a-f]*\) /\1  /p' manifest | sha256sum --check --quiet --strict) ||
    fail "$file: damaged on the way: copy it again"
cmp -s "$incoming/manifest" "$opt/$slot/manifest" || fail "$file: changed while it was read"

step "4 programs of $version into $slot"
python3 -m venv --without-pip "$opt/$slot/venv" || fail "python3 cannot make a virtual environment: apt-get install python3-venv"
"$opt/$slot/venv/bin/python" "$(echo "$opt/$slot"/wheels/pip-*.whl)/pip" --isolated install --quiet --no-index \
    --no-cache-dir --disable-pip-version-check --find-links "$opt/$slot/wheels" "$(header requirement)" ||
    fail "the programs cannot be installed from the archive; what is in use goes on"
mkdir -p "$opt/$slot/bin" "$opt/$slot/models"
for program in $(header programs); do
    ln -sfn "../venv/bin/$program" "$opt/$slot/bin/$program"
done
rm -rf "$opt/$slot/wheels"
echo "$version" >"$opt/$slot/version"

step "5 checks"
for program in $(header programs); do
    "$opt/$slot/bin/$program" --help >/dev/null || fail "$program of $version does not start here; what is in use goes on"
done
if [ ! -f "$trusted" ]; then
    cp "$key" "$trusted.new"
    mv "$trusted.new" "$trusted"
fi
chmod 644 "$trusted" # the agent looks with it at what it fetches, whoever alone could read the key that was brought
echo "$role" >"$opt/role"
sync -f "$opt"
touch "$opt/$slot/complete"
sync -f "$opt"
rm -rf "$incoming"
use "$slot" "$now"
