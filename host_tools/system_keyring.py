"""Passwords in the system's keyring: of GNOME, KDE, macOS, Windows, or what else `keyring` finds.

An entry belongs to a site and has a name such as "wifi/hall-2" or "mqtt/press-07". A machine may
have no keyring, or one that is locked: reading then gives None and the reason, writing a ToolError.
"""

import shlex

from host_tools.errors import Kind, ToolError
from host_tools.site import Site


class SystemKeyring:
    """The entries of a site, whose file may still be wrong."""

    def __init__(self, site: Site):
        self._site_file = site.file.path
        named = site.file.data.get("site")
        self._service = f"limen/{named.get('id') if isinstance(named, dict) else None}"

    def get(self, name: str) -> tuple[str | None, str]:
        """(password, ""), or (None, what to do)."""
        import keyring  # takes a while, and most sites never ask

        try:
            password = keyring.get_password(self._service, name)
        except Exception as error:  # backends raise whatever their system says
            return None, f"use the system's keyring, which cannot be asked: {_sentence(error)}"
        file, entry = shlex.quote(str(self._site_file)), shlex.quote(name)
        return password, f"give it to the keyring: `limen secret set {entry} --site {file}`"

    def set(self, name: str, password: str) -> None:
        import keyring

        try:
            keyring.set_password(self._service, name, password)
        except Exception as error:
            raise ToolError(
                f"The system's keyring refuses: {_sentence(error)}. Write the password into "
                "secrets.toml instead, and let nobody else read that file.",
                Kind.FAILED,
            ) from None

    def delete(self, name: str) -> None:
        import keyring

        try:
            keyring.delete_password(self._service, name)
        except Exception as error:
            raise ToolError(f"The system's keyring refuses: {_sentence(error)}.") from None


def _sentence(error: Exception) -> str:
    from keyring.errors import NoKeyringError

    if isinstance(error, NoKeyringError):
        return "this machine has none that can be used"
    return str(error).strip().rstrip(".") or type(error).__name__
