# SPDX-License-Identifier: MIT
"""What a guest is made of: QEMU, kernels and tools as Debian packages, fetched
with an apt configuration of our own and unpacked into a cache folder. No root,
no chroot; programs run by the ld.so that came with them."""
import os
import re
import shutil
import subprocess

SUITES = ("trixie", "trixie-updates", "trixie-backports")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
TOOLS = ("qemu-system-x86", "busybox-static", "kmod")
LIBS = "usr/lib/x86_64-linux-gnu"


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
            ("Dir::Etc::sourcelist", d + "/etc/sources.list"), ("Dir::Etc::sourceparts", "/dev/null"),
            ("Dir::Etc::main", "/dev/null"), ("Dir::Etc::parts", "/dev/null"),
            ("Acquire::Languages", "none"), ("APT::Install-Recommends", "false"),
            ("APT::Architecture", "amd64"), ("APT::Sandbox::User", ""))))

    def write(self, name, text):
        with open(os.path.join(self.apt_dir, name), "w") as f:
            f.write(text)

    def apt(self, *command):
        environment = {**os.environ, "APT_CONFIG": os.path.join(self.apt_dir, "apt.conf")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
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
        archives = os.path.join(self.apt_dir, "archives")
        partial = root + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        os.makedirs(partial)
        for name in sorted(os.listdir(archives)):
            if name.endswith(".deb"):
                subprocess.run(["dpkg-deb", "-x", os.path.join(archives, name), partial], check=True)
        self.apt("apt-get", "clean")
        shutil.rmtree(root, ignore_errors=True)
        os.rename(partial, root)

    # --- programs -------------------------------------------------------------------

    def need_tools(self):
        if not os.path.exists(os.path.join(self.tools, "usr/bin/qemu-system-x86_64")):
            self.fetch(TOOLS, self.tools)
        models = subprocess.run(self.program("qemu-system-x86_64", "-device", "help"),
                                capture_output=True, text=True).stdout
        if "vfio-user-pci" not in models:
            shutil.rmtree(self.tools)
            raise Missing("this QEMU is too old: it has no vfio-user-pci")

    def program(self, name, *arguments):
        """The command line of one of the fetched programs."""
        root = self.tools
        return [os.path.join(root, LIBS, "ld-linux-x86-64.so.2"), "--argv0", name, "--library-path",
                os.path.join(root, LIBS), os.path.join(root, "usr/bin", {"depmod": "kmod"}.get(
                    name, name)), *arguments]

    # --- kernels ---------------------------------------------------------------------

    def kernels(self):
        """Version -> package, of what is cached or can be had."""
        found = {}
        folder = os.path.join(self.dir, "kernels")
        for version in os.listdir(folder) if os.path.isdir(folder) else ():
            found[version] = None
        try:
            self.update()
            names = self.apt("apt-cache", "search", "--names-only", r"^linux-image-[0-9].*-amd64$")
            for name in re.findall(r"^(linux-image-(\d+\.\d+\.\d+)\+deb\d+-amd64) ", names, re.M):
                found.setdefault(name[1], name[0])
        except Missing as why:
            if not found:
                raise
            self.say("offline: %s" % str(why).splitlines()[0])
        return found

    def kernel(self, wanted):
        """A kernel's folder and version: the newest whose version begins so; "newest"."""
        def key(version):
            return [int(part) for part in version.split(".")]
        folder = os.path.join(self.dir, "kernels")
        cached = [v for v in (os.listdir(folder) if os.path.isdir(folder) else ())
                  if "." in v and not v.endswith(".partial")]
        fits = [v for v in cached if (v + ".").startswith(wanted + ".")]
        found = dict.fromkeys(fits) if fits else self.kernels()
        fits = [v for v in found if wanted == "newest" or (v + ".").startswith(wanted + ".")]
        if not fits:
            raise Missing("no kernel %s; there are %s" % (wanted, ", ".join(sorted(found, key=key))))
        why = None
        os.makedirs(folder, exist_ok=True)
        for version in sorted(fits, key=key, reverse=True):
            root = os.path.join(folder, version)
            try:
                if not os.path.isdir(root):
                    self.fetch([found[version]], root)
                return root, version
            except Missing as missing:
                why = missing     # what a newer upload has replaced is listed, but not there
        raise why

    def modules(self, root, name):
        """A module and what it needs, in the order of loading; paths."""
        base = next(p for p in (os.path.join(root, "usr/lib/modules"), os.path.join(root, "lib/modules"))
                    if os.path.isdir(p))
        release = next(d for d in os.listdir(base) if os.path.isdir(os.path.join(base, d, "kernel")))
        link = os.path.join(root, "lib")
        if not os.path.lexists(link):
            os.symlink("usr/lib", link)
        dep = os.path.join(base, release, "modules.dep")
        if not os.path.exists(dep):
            subprocess.run(self.program("depmod", "-b", root, release), check=True,
                           stderr=subprocess.DEVNULL)
        for line in open(dep):
            module, _, needs = line.partition(":")
            if re.match(re.escape(name) + r"\.ko(\.|$)", os.path.basename(module)):
                return [os.path.join(base, release, m) for m in reversed([module, *needs.split()])]
        raise Missing("this kernel has no module %s" % name)

    @staticmethod
    def image(root):
        for folder, _, names in os.walk(root):
            for name in names:
                if name.startswith("vmlinuz"):
                    return os.path.join(folder, name)
        raise Missing("no kernel image below %s" % root)
