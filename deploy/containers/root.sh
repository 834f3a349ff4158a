#!/bin/sh
# Assembles the root of an image in /image: Python, what is installed in /opt/wayside, these programs of Debian, and the
# libraries that any of it loads. No shell and no package manager come along.
#   root.sh PROGRAM...
set -eu
image=/image
python=$(basename "$(readlink -f /usr/bin/python3)")
user=10001

mkdir -p $image/etc/ssl/certs $image/opt $image/tmp $image/usr/bin $image/usr/lib $image/usr/lib64 $image/usr/sbin $image/usr/share
chmod 1777 $image/tmp
for each in bin lib lib64 sbin; do ln -s usr/$each $image/$each; done
cp -a /usr/bin/"$python" /usr/bin/python3 $image/usr/bin/
cp -a /usr/lib/"$python" $image/usr/lib/
(cd $image/usr/lib/"$python" && rm -rf test ensurepip idlelib tkinter turtledemo pydoc_data sitecustomize.py)
cp -a /usr/share/zoneinfo $image/usr/share/
cp -L /etc/ssl/certs/ca-certificates.crt $image/etc/ssl/certs/
cp -a /opt/wayside $image/opt/
for program in "$@"; do cp -L "$program" $image"$program"; done

# Each library under the name by which it is loaded; what a wheel brings finds its own beside it.
find $image -type f \( -name '*.so' -o -name '*.so.*' -o -perm -u+x \) -exec ldd {} + 2>/dev/null |
    sed -n 's|^.* => \(/[^ ]*\) (0x.*|\1|p; s|^[[:space:]]*\(/[^ ]*\) (0x.*|\1|p' | grep -v "^$image/" | sort -u |
    while read -r library; do
        folder=$image$(readlink -f "$(dirname "$library")")
        mkdir -p "$folder"
        cp -L "$library" "$folder/"
    done

# Debian's record of each package that any of it is out of, where scanners look for it in an image without dpkg.
mkdir -p $image/var/lib/dpkg/status.d
cp -L /etc/os-release $image/etc/
{
    echo ca-certificates
    find $image/usr \( -type f -o -type l \) -printf '/usr/%P\0' | xargs -0 dpkg -S 2>/dev/null |
        sed '/^diversion /d; s/: \/.*//; s/:[a-z0-9]*//g; s/, /\n/g'
} | sort -u | while read -r package; do dpkg-query -s "$package" >"$image/var/lib/dpkg/status.d/$package"; done

printf 'wayside:x:%s:%s:Wayside:/tmp:/nonexistent\n' $user $user >$image/etc/passwd
printf 'wayside:x:%s:\n' $user >$image/etc/group
printf 'hosts: files dns\n' >$image/etc/nsswitch.conf
for folder in etc/wayside-center etc/wayside-cluster var/lib/wayside-home var/lib/wayside-center var/lib/wayside-cluster \
    var/lib/wayside-edge var/lib/wayside-demo; do
    mkdir -p $image/$folder
    chmod 700 $image/$folder
    chown $user:$user $image/$folder
done

# By content: times of files are those of the release, and a read-only root takes no other bytecode.
python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash -s $image -p / $image/usr/lib/"$python" $image/opt/wayside/lib
chroot $image /opt/wayside/bin/python -c 'import ssl, sqlite3, zoneinfo, lzma, bz2, ctypes'
for program in $image/opt/wayside/bin/wayside-*; do chroot $image "${program#"$image"}" --help >/dev/null; done
