"""Writes requests to China Mobile cloud MAS and reads its answers. Pure; `sms` does the I/O.

One mobile number a request, though the gateway takes 5,000: each answer and report is about one recipient.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from center.notify.lifecycle import UNREADABLE, AttemptOutcome, AttemptVerdict, code_of

MAX_ANSWER_BYTES: Final = 64 * 1024
ACCEPTED: Final = "success"
NORMAL: Final = "/norsubmit"
TEMPLATE: Final = "/tmpsubmit"  # noqa: S108 - of the gateway, not of a disk
_STATUS: Final = {408: AttemptVerdict.UNKNOWN, 429: AttemptVerdict.THROTTLED}
_TRUE: Final = ("true", "1")
_FALSE: Final = ("false", "0", "")


@dataclass(frozen=True, slots=True)
class GatewayAccount:
    """An interface account of the gateway."""

    ec_name: str
    ap_id: str
    secret_key: str = field(repr=False)
    sign: str
    add_serial: str = ""
    key_in_body: Literal["present", "empty", "absent"] = "present"
    throttle_codes: frozenset[str] = frozenset()


def normal(account: GatewayAccount, mobile: str, content: str) -> bytes:
    """Writes the body of `norsubmit`: a text of the centre's."""
    return _body(account, mobile, {"content": content}, content + account.sign)


def templated(account: GatewayAccount, mobile: str, template_id: str, params: tuple[str, ...]) -> bytes:
    """Writes the body of `tmpsubmit`: the carrier's template and its values. `params` is a string that holds JSON."""
    text = json.dumps(params, ensure_ascii=False, separators=(",", ":"))
    return _body(account, mobile, {"templateId": template_id, "params": text}, text + account.sign, before=template_id)


def _body(account: GatewayAccount, mobile: str, content: dict[str, str], after: str, *, before: str = "") -> bytes:
    # The signature is over the plain text, not over its JSON: quotes and Chinese as they are.
    signed = f"{account.ec_name}{account.ap_id}{account.secret_key}{before}{mobile}{after}{account.add_serial}"
    data = {"ecName": account.ec_name, "apId": account.ap_id}
    if account.key_in_body != "absent":
        data["secretKey"] = account.secret_key if account.key_in_body == "present" else ""
    data |= {"mobiles": mobile, **content, "sign": account.sign, "addSerial": account.add_serial}
    data["mac"] = hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest()  # the gateway's choice
    return base64.b64encode(json.dumps(data, ensure_ascii=False).encode())


def read(account: GatewayAccount, status: int, content: bytes) -> AttemptOutcome:
    """Reads an answer as an outcome. Any bytes give one."""
    if not 200 <= status < 300:
        return AttemptOutcome(
            _STATUS.get(status, AttemptVerdict.UNKNOWN if status >= 500 else AttemptVerdict.NOT_TAKEN), f"http_{status}"
        )
    answer = _object(content)
    if answer is None or not isinstance(code := answer.get("rspcod"), str):
        return AttemptOutcome(AttemptVerdict.UNKNOWN, UNREADABLE)
    success = _truth(answer.get("success", "false"))  # a refusal may leave it out
    if success is not (code == ACCEPTED):
        return AttemptOutcome(AttemptVerdict.UNKNOWN, "contradictory")  # yes and no at once: the gateway may have it
    if success:
        return AttemptOutcome(AttemptVerdict.TAKEN, ACCEPTED, reference_of(answer))
    return AttemptOutcome(
        AttemptVerdict.THROTTLED if code in account.throttle_codes else AttemptVerdict.REFUSED, code_of(code)
    )


def reference_of(item: dict[str, Any]) -> str:
    """Reads the gateway's id of the message; some gateways write `mgsGroup`. Empty if there is none."""
    for name in ("msgGroup", "mgsGroup"):
        value = item.get(name)
        if isinstance(value, str) and code_of(value) != UNREADABLE:
            return value
    return ""


def masked(mobile: str) -> str:
    """Masks a mobile number as `138****8000`."""
    return f"{mobile[:3]}****{mobile[-4:]}"


def _object(content: bytes) -> dict[str, Any] | None:
    if len(content) > MAX_ANSWER_BYTES:
        return None
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _truth(value: object) -> bool | None:
    """Reads `success`, a bool or a string that says one; None if it is neither."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in (*_TRUE, *_FALSE):
        return value.strip().lower() in _TRUE
    return None
