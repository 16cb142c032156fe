# SPDX-License-Identifier: GPL-3.0-or-later
"""/dev/kvm as udev makes it, for a libvirtd that a test starts. Where no udev ran the node is root's alone, and libvirtd
then asks QEMU anew before every domain what it can: a minute each."""
import grp
import os
import stat

PATH = '/dev/kvm'


class KvmNode:
    """As udev makes it inside `with`, or from open() to put_back(), and afterwards what it was."""

    def __init__(self):
        self.before = None

    def open(self):
        if self.before or not os.path.exists(PATH):
            return
        status = os.stat(PATH)
        if not status.st_mode & stat.S_IRGRP:
            self.before = status
            os.chown(PATH, -1, grp.getgrnam('kvm').gr_gid)
            os.chmod(PATH, 0o660)

    def put_back(self):
        if self.before:
            os.chown(PATH, self.before.st_uid, self.before.st_gid)
            os.chmod(PATH, stat.S_IMODE(self.before.st_mode))
            self.before = None

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.put_back()
