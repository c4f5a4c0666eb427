# SPDX-License-Identifier: MIT
"""What a guest is made of: QEMU, kernels and tools as Debian packages, fetched
with an apt configuration of our own and unpacked into a cache folder. No root,
no chroot; programs run by the ld.so that came with them."""
import os
import re
import shutil
import subprocess
import tempfile

SUITES = ("trixie", "trixie-updates", "trixie-backports")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
TOOLS = ("qemu-system-x86", "busybox-static", "kmod")
LIBS = "usr/lib/x86_64-linux-gnu"
HEADERS = "linux-libc-dev"            # of the newest suite: xe_drm.h
OLDEST = (6, 16)                      # series in which xe can be a VF


class Missing(Exception):
    """Something can't be had here; the text says what and why."""


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("GUCEMU_CACHE") or os.path.join(base, "gucemu")


class Kit:
    def __init__(self, say):
        self.say = say
        self.dir = os.path.join(cache_folder(), "linux")
        self.apt_dir = os.path.join(self.dir, "apt")
        self.tools = os.path.join(self.dir, "tools")
        self.fresh = False        # the package lists were fetched in this run

    # --- apt ---------------------------------------------------------------------

    def configure(self):
        for name in ("lists/partial", "archives/partial", "etc/preferences.d"):
            os.makedirs(os.path.join(self.apt_dir, name), exist_ok=True)
        if not os.path.exists(KEYRING):
            raise Missing("no Debian keyring at %s" % KEYRING)
        self.write("status", "")
        self.write("etc/sources.list", "".join(
            "deb [signed-by=%s] http://deb.debian.org/debian %s main\n" % (KEYRING, suite)
            for suite in SUITES))
        d = self.apt_dir
        self.write("apt.conf", "".join('%s "%s";\n' % pair for pair in (
            ("Dir", d), ("Dir::State", d), ("Dir::State::lists", d + "/lists"),
            ("Dir::State::status", d + "/status"), ("Dir::Cache", d),
            ("Dir::Cache::archives", d + "/archives"), ("Dir::Etc", d + "/etc"),
            ("Dir::Etc::sourcelist", d + "/etc/sources.list"),
            ("Dir::Etc::sourceparts", "/dev/null"),
            ("Dir::Etc::main", "/dev/null"), ("Dir::Etc::parts", "/dev/null"),
            ("Acquire::Languages", "none"), ("APT::Install-Recommends", "false"),
            ("APT::Architecture", "amd64"), ("APT::Sandbox::User", ""))))

    def write(self, name, text):
        with open(os.path.join(self.apt_dir, name), "w") as f:
            f.write(text)

    def apt(self, *command, cwd=None):
        environment = {**os.environ, "APT_CONFIG": os.path.join(self.apt_dir, "apt.conf")}
        done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True)
        if done.returncode:
            raise Missing("%s: %s" % (" ".join(command), done.stderr.strip()[-400:]))
        return done.stdout

    def update(self):
        if self.fresh:
            return
        if not shutil.which("apt-get"):
            raise Missing("guest tests need Debian's apt-get to fetch QEMU and a kernel")
        self.configure()
        self.say("fetching package lists")
        self.apt("apt-get", "-q", "update")
        self.fresh = True

    def fetch(self, packages, root):
        """The packages with all they need, unpacked below `root`."""
        self.update()
        self.say("fetching %s" % " ".join(packages))
        self.apt("apt-get", "-q", "-y", "--download-only", "-t", "trixie-backports", "install",
                 *packages)
        self.unpack(os.path.join(self.apt_dir, "archives"), root)
        self.apt("apt-get", "clean")

    def fetch_alone(self, packages, root):
        """Just these packages: what is only unpacked needs nothing else, and what a
        newer upload has replaced may depend on what is no longer there."""
        self.update()
        self.say("fetching %s" % " ".join(packages))
        with tempfile.TemporaryDirectory(dir=self.dir) as folder:
            self.apt("apt-get", "-q", "download", *packages, cwd=folder)
            self.unpack(folder, root)

    @staticmethod
    def unpack(folder, root):
        partial = "%s.partial-%d" % (root, os.getpid())
        os.makedirs(partial)
        try:
            for name in sorted(os.listdir(folder)):
                if name.endswith(".deb"):
                    subprocess.run(["dpkg-deb", "-x", os.path.join(folder, name), partial],
                                   check=True)
            shutil.rmtree(root, ignore_errors=True)
            os.rename(partial, root)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    # --- programs -------------------------------------------------------------------

    def need_tools(self, qemu=None):
        """Fetches what is missing. qemu: a program of the user's own to boot with."""
        self.qemu = qemu
        if not os.path.exists(os.path.join(self.tools, "usr/bin/qemu-system-x86_64")):
            self.fetch(TOOLS, self.tools)
        try:
            models = subprocess.run(self.qemu_command("-device", "help"), capture_output=True,
                                    text=True).stdout
        except OSError as why:
            raise Missing("%s: %s" % (qemu, why.strerror)) from None
        if "vfio-user-pci" not in models:
            raise Missing("%s is too old: it has no vfio-user-pci (QEMU 10.1 is the first)" % (
                qemu or os.path.join(self.tools, "usr/bin/qemu-system-x86_64")))

    def qemu_command(self, *arguments):
        if self.qemu:
            return [self.qemu, *arguments]
        share = os.path.join(self.tools, "usr/share")
        return self.program("qemu-system-x86_64", "-L", share + "/qemu", "-L", share + "/seabios",
                            *arguments)

    def guest_programs(self, folder):
        """Builds the guest's test program; its path."""
        headers = os.path.join(self.dir, "headers")
        if not os.path.exists(os.path.join(headers, "usr/include/drm/xe_drm.h")):
            self.update()
            shown = self.apt("apt-cache", "madison", HEADERS)
            newest = next((line.split("|")[1].strip() for line in shown.splitlines()), None)
            if not newest:
                raise Missing("no package " + HEADERS)
            self.fetch_alone(["%s=%s" % (HEADERS, newest)], headers)
        compiler = os.environ.get("CC") or "cc"
        path = os.path.join(folder, "xetest")
        here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest")
        try:
            done = subprocess.run(
                [*compiler.split(), "-std=gnu11", "-O2", "-Wall", "-static", "-isystem",
                 os.path.join(headers, "usr/include"), "-o", path,
                 *sorted(os.path.join(here, n) for n in os.listdir(here) if n.endswith(".c"))],
                capture_output=True, text=True)
        except OSError as why:
            raise Missing("guest programs need a C compiler: %s: %s" % (
                compiler, why.strerror)) from None
        if done.returncode:
            raise Missing("guest programs can't be built: %s" % done.stderr.strip()[-600:])
        return path

    def program(self, name, *arguments):
        """The command line of one of the fetched programs."""
        root = self.tools
        return [os.path.join(root, LIBS, "ld-linux-x86-64.so.2"), "--argv0", name, "--library-path",
                os.path.join(root, LIBS), os.path.join(root, "usr/bin", {"depmod": "kmod"}.get(
                    name, name)), *arguments]

    # --- kernels ---------------------------------------------------------------------

    @property
    def folder(self):
        return os.path.join(self.dir, "kernels")

    def cached(self):
        return [v for v in (os.listdir(self.folder) if os.path.isdir(self.folder) else ())
                if re.fullmatch(r"[0-9]+(\.[0-9]+)+", v)]

    def kernels(self):
        """Version -> package (None: it is cached) of what there is."""
        found = dict.fromkeys(self.cached())
        try:
            self.update()
            names = self.apt("apt-cache", "search", "--names-only", r"^linux-image-[0-9].*-amd64$")
            have = set(self.apt("apt-cache", "pkgnames", "linux-").split())
            for name in re.findall(r"^(linux-image-(\d+\.\d+\.\d+)\+deb\d+-amd64) ", names, re.M):
                # Images are still listed whose modules are gone.
                if name[1] in found or key(name[1])[:2] < [6, 19] or \
                        name[0].replace("-image-", "-modules-") in have:
                    found.setdefault(name[1], name[0])
        except Missing as why:
            if not found:
                raise
            self.say("offline: %s" % str(why).splitlines()[0])
        return {v: found[v] for v in found if key(v)[:2] >= list(OLDEST)}

    def series(self):
        """The beginnings of versions that there are, oldest first: 6.16, 6.17 ..."""
        return [".".join(map(str, s)) for s in sorted({tuple(key(v)[:2]) for v in self.kernels()})]

    def parts(self, image):
        """Packages that an image is made of: it may be no more than a list of others."""
        shown = self.apt("apt-cache", "show", "--no-all-versions", image)
        return [image, *sorted(set(re.findall(r"linux-(?:binary|modules)-[^ ,]+", shown)))]

    def kernel(self, wanted):
        """A kernel's folder and version: the newest whose version begins so; "newest"."""
        fits = [v for v in self.cached() if (v + ".").startswith(wanted + ".")]
        found = dict.fromkeys(fits) if fits else self.kernels()
        fits = [v for v in found if wanted == "newest" or (v + ".").startswith(wanted + ".")]
        if not fits:
            raise Missing("no kernel %s; there are %s" % (
                wanted, ", ".join(sorted(found, key=key))))
        why = None
        os.makedirs(self.folder, exist_ok=True)
        for version in sorted(fits, key=key, reverse=True):
            root = os.path.join(self.folder, version)
            try:
                if not os.path.isdir(root):
                    self.fetch_alone(self.parts(found[version]), root)
                return root, version
            except Missing as missing:
                why = missing     # what a newer upload has replaced is listed, but not there
        raise why

    def modules(self, root, name):
        """A module and what it needs, in the order of loading; paths. `root` is where
        modules were installed (it holds lib/modules/VERSION), or that folder."""
        places = [os.path.join(root, "usr/lib/modules"), os.path.join(root, "lib/modules"), root]
        base = next((p for p in places if os.path.isdir(p)), root)
        releases = [d for d in sorted(os.listdir(base))
                    if os.path.isdir(os.path.join(base, d, "kernel"))]
        if os.path.isdir(os.path.join(base, "kernel")):
            base, release = os.path.split(base)
        elif releases:
            release = releases[-1]
        else:
            raise Missing("no modules below %s" % root)
        dep = os.path.join(base, release, "modules.dep")
        if not os.path.exists(dep):
            self.depmod(base, release)
        with open(dep, encoding="utf-8") as lines:
            for line in lines:
                module, _, needs = line.partition(":")
                if re.match(re.escape(name) + r"\.ko(\.|$)", os.path.basename(module)):
                    return [os.path.join(base, release, m)
                            for m in reversed([module, *needs.split()])]
        builtin = os.path.join(base, release, "modules.builtin")
        if os.path.exists(builtin):
            with open(builtin, encoding="utf-8") as lines:
                if any(line.strip().endswith("/%s.ko" % name) for line in lines):
                    return []
        raise Missing("this kernel has no module %s: CONFIG_DRM_XE is not set" % name)

    def depmod(self, base, release):
        """depmod wants to find lib/modules, wherever the folder really is."""
        with tempfile.TemporaryDirectory() as view:
            os.makedirs(os.path.join(view, "lib"))
            os.symlink(base, os.path.join(view, "lib/modules"))
            subprocess.run(self.program("depmod", "-b", view, release), check=True,
                           stderr=subprocess.DEVNULL)

    @staticmethod
    def image(root):
        for folder, _, names in os.walk(root):
            for name in names:
                if name.startswith("vmlinuz"):
                    return os.path.join(folder, name)
        raise Missing("no kernel image below %s" % root)


def key(version):
    return [int(part) for part in version.split(".")]
