"""A cloud MAS gateway for tests: a state machine of its own, written from the protocol's facts.

It shares no code with the product: it decodes, checks the signature, counts parts and keeps the account in its own way.

centre ──POST /sms/norsubmit──▶ gateway ──report()──▶ whoever pushes it back
"""

import base64
import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import Any

from tests.support.rude_http import RudeServer

EC_NAME, AP_ID, SECRET, SIGN, SIGNATURE = "测试企业", "apidemo", "Sk-demo-1", "SIGN0001", "县交通"
TOO_FAST = "TooFast"


@dataclass(frozen=True)
class Taken:
    """One SMS that somebody's telephone would have shown."""

    mobile: str
    content: str
    parts: int
    reference: str


class Gateway(RudeServer):
    """One account of it."""

    def __init__(self) -> None:
        super().__init__()
        self.quota_parts = 10_000
        self.is_white_ip = True
        self.spelling = "msgGroup"
        self.success: object = True
        self.templates: dict[str, str] = {}
        self.reductions = 0
        """So many submissions are answered that they come too fast."""
        self.contradicts = False
        self.seen: list[dict[str, Any]] = []
        self.taken: list[Taken] = []

    @property
    def url(self) -> str:
        """As it is configured."""
        return f"{self.origin}/sms"

    def report(self, taken: Taken, code: str = "DELIVRD") -> dict[str, str]:
        """A delivery report as the gateway pushes it."""
        return {
            "reportStatus": "CM:0000" if code == "DELIVRD" else code,
            "mobile": taken.mobile,
            "submitDate": "20261124214001",
            "receiveDate": "20261124214003",
            "errorCode": code,
            self.spelling: taken.reference,
        }

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """What the gateway decides of one submission."""
        return 200, json.dumps(self._decide(path, body), ensure_ascii=False).encode()

    def _decide(self, path: str, body: bytes) -> dict[str, object]:
        try:
            data = json.loads(base64.b64decode(body, validate=True).decode("utf-8"))
        except ValueError:
            return _no("InvalidMessage")
        self.seen.append(data)
        if self.reductions:
            self.reductions -= 1
            return _no(TOO_FAST)
        if (refusal := self._refusal(path, data)) is not None:
            return _no(refusal)
        content = data["content"] if path.endswith("norsubmit") else self._filled(data)
        shown = f"【{SIGNATURE}】{content}"
        length = sum(2 if ord(letter) > 0xFFFF else 1 for letter in shown)
        parts = 1 if length <= 70 else math.ceil(length / 67)
        if self.quota_parts < parts:
            return _no("QuotaExhausted")
        self.quota_parts -= parts
        reference = f"1124214001{len(self.taken):06d}"
        self.taken.append(Taken(data["mobiles"], content, parts, reference))
        if self.contradicts:
            return {"rspcod": "success", self.spelling: reference, "success": False}
        return {"rspcod": "success", self.spelling: reference, "success": self.success}

    def _refusal(self, path: str, data: dict[str, str]) -> str | None:
        if not self.is_white_ip:
            return "NOT_WHITE_IP"
        if (data["ecName"], data["apId"]) != (EC_NAME, AP_ID) or data.get("secretKey", SECRET) not in {SECRET, ""}:
            return "InvalidUsrOrPwd"
        if data["sign"] != SIGN:
            return "IllegalSignId"
        mobiles = data["mobiles"].split(",")
        if len(mobiles) > 5000:
            return "TooManyMobiles"
        if not all(re.fullmatch(r"1[3-9]\d{9}", mobile) for mobile in mobiles):
            return "InvalidMobile"
        middle = ("mobiles", "content") if path.endswith("norsubmit") else ("templateId", "mobiles", "params")
        text = EC_NAME + AP_ID + SECRET + "".join(data[name] for name in middle) + data["sign"] + data["addSerial"]
        return None if data["mac"] == hashlib.md5(text.encode()).hexdigest() else "IllegalMac"

    def _filled(self, data: dict[str, str]) -> str:
        text = self.templates[data["templateId"]]
        for value in json.loads(data["params"]):
            text = text.replace("${}", value, 1)
        return text


def _no(code: str) -> dict[str, object]:
    return {"rspcod": code, "msgGroup": "", "success": False}
