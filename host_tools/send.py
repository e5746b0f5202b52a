"""`limen send`: tells a gateway to do something, and prints its answer."""

import argparse
import json
import sys

from host_tools import broker_arguments
from host_tools.client.commands import NoAnswer, send
from host_tools.errors import ToolError
from host_tools.option import read_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("gateway", metavar="SITE/GATEWAY")
    parser.add_argument("verb", metavar="VERB", help="such as write; docs/mqtt.md lists them")
    parser.add_argument("facts", nargs="*", metavar="NAME=VALUE", help="what the verb needs")
    parser.add_argument("--wait", default="30s", metavar="TIME", help="for the answer, at most")
    broker_arguments.add_address_arguments(parser)


def run(args: argparse.Namespace) -> int:
    address = broker_arguments.address(args)
    facts = dict(map(_fact, args.facts))
    wait_s = read_option("--wait", args.wait) / 1000
    try:
        answer = send(address, args.gateway, args.verb, facts, wait_s, _show)
    except NoAnswer as reason:
        raise ToolError(f"{reason}.") from None
    if answer.error is not None:
        raise ToolError(f"{args.gateway} refuses: {answer.error}.")
    print(json.dumps(answer.facts, ensure_ascii=False, default=str))
    return 0


def _fact(text: str) -> tuple[str, str | int]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise ToolError(f"{text!r} is not NAME=VALUE.", 2)
    return name, value


def _show(facts: dict) -> None:
    print(facts.get("say") or json.dumps(facts, default=str), file=sys.stderr, flush=True)
