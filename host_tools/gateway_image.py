"""The file system of one gateway of a site: firmware, configuration and secrets.

What is flashed to a chip and what an emulated board boots is this one image.
"""

import json

from host_tools.image import build_image, firmware_files
from host_tools.site import Site, config_json, load_secrets

CONFIGURATION = "/config.json"
SECRETS = "/secrets.json"


def gateway_files(site: Site, gateway: str) -> dict[str, bytes]:
    """{path on the gateway: content}; raises ToolError where site file or secrets are wrong."""
    configuration = config_json(site.compile(gateway))
    secrets = json.dumps(load_secrets(site.file.path), sort_keys=True).encode()
    return firmware_files() | {CONFIGURATION: configuration, SECRETS: secrets}


def gateway_image(site: Site, gateway: str) -> bytes:
    """The LittleFS image of those files."""
    return build_image(gateway_files(site, gateway))
