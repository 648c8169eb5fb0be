"""What a service of the lab takes over from the shell that starts it: what stands on a list, and nothing else.

Tokens, profiles and settings of a real account, of a notebook or of another tool would otherwise be in every service,
and in whatever a learner runs there.
"""

from collections.abc import Mapping

INHERITED = frozenset(
    {
        # who and where
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE",
        # libraries and Java where the system does not look for them itself
        "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "JAVA_HOME",
        # Airflow's environment is made from within the lab: the way to the package source, and its cache
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
    }
)  # fmt: skip
"""Names that are taken over."""

INHERITED_PREFIXES = ("LC_", "UV_")
"""Beginnings of names that are taken over: language, and the settings of the installer."""

LOOPBACK = "127.0.0.1,localhost"
"""What no proxy is asked for."""


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Choose what a service takes over.

    Parameters
    ----------
    environment : mapping of str to str
        The shell's.
    """
    kept = {
        name: value for name, value in environment.items() if name in INHERITED or name.startswith(INHERITED_PREFIXES)
    }
    direct = environment.get("NO_PROXY") or environment.get("no_proxy")
    return kept | {"NO_PROXY": f"{LOOPBACK},{direct}" if direct else LOOPBACK}
