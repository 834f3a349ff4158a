"""Serves the technician's page for the telephone, which opens and takes steps without a network.

A plain page, not one of NiceGUI, whose pages end with their websocket. It is the same for every account: orders and
steps come from the API and stay in the browser (`static/my_orders`), which clears them at log-out.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from jinja2 import Environment
from starlette.responses import HTMLResponse, RedirectResponse, Response

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.clock import ZONE, ZONE_TEXT
from center.console import preferences
from center.console.language import LANGUAGES, Language
from center.console.orders import labels
from center.errors import marked
from center.orders import errors
from center.orders.states import EVENT_OF, MaintenanceState, StepKind, after

PATH: Final = "/my-orders"
TITLE: Final = marked("My orders")
NEEDS: Final = Permission.ORDER_WORK
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_CONSOLE: Final = files("center.console")
_STATIC: Final = (
    "wayside.css",
    "wayside.svg",
    *(f"my_orders/{name}" for name in ("page.css", "page.js", "center.js", "store.js")),
)
_TEMPLATES: Final = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
_PAGE, _WORKER = (
    _TEMPLATES.from_string((_CONSOLE / "templates" / name).read_text(encoding="utf-8"))
    for name in ("my_orders.html", "my_orders_worker.js")
)
_OFFERED: Final = {
    MaintenanceState.OPEN: (StepKind.ACCEPT, StepKind.NOTE),
    MaintenanceState.ASSIGNED: (StepKind.ACCEPT, StepKind.NOTE),
    MaintenanceState.ACCEPTED: (StepKind.ARRIVE, StepKind.DONE, StepKind.PART, StepKind.NOTE),
    MaintenanceState.ON_SITE: (StepKind.DONE, StepKind.PART, StepKind.NOTE, StepKind.LEAVE),
    MaintenanceState.MENDED: (StepKind.LEAVE, StepKind.PART, StepKind.NOTE, StepKind.REOPEN),
    MaintenanceState.WELL: (StepKind.LEAVE, StepKind.NOTE),
}
"""Steps that the page offers in each state, the usual one first."""
_TEXTS: Final = {
    "title": TITLE,
    "back": marked("All my orders"),
    "none": marked("No orders"),
    "noneWhy": marked("Orders that are assigned to you appear here."),
    "camera": marked("Camera"),
    "order": marked("Order"),
    "district": marked("District"),
    "fault": marked("Fault"),
    "opened": marked("Opened"),
    "due": marked("Due {time}"),
    "paused": marked("Waiting for the owner: the clocks stand still"),
    "left": marked("{duration} left"),
    "overdue": marked("{duration} overdue"),
    "hours": marked("{hours} h {minutes} min"),
    "minutes": marked("{minutes} min"),
    "unsent": marked("Not sent yet"),
    "waiting": marked("Waiting to be sent"),
    "refused": marked("Refused"),
    "unsentSteps": marked("Steps not sent"),
    "unsentCount": marked("Steps not sent: {count}."),
    "retry": marked("Try again"),
    "discard": marked("Discard"),
    "discardAsk": marked("Discard this step?"),
    "discardAdvice": marked("The centre has refused it. It is deleted from this phone."),
    "starting": marked("Connecting to the centre…"),
    "online": marked("Everything is sent. Last contact: {time}"),
    "offline": marked("No connection to the centre"),
    "offlineAdvice": marked("You can go on: steps are kept on this phone and sent when there is a network."),
    "offlineSteps": marked("They are sent when there is a network."),
    "ended": marked("The session has ended"),
    "endedAdvice": marked("Log in again to see new orders."),
    "endedSteps": marked("They are kept on this phone: log in again as {account} to send them."),
    "denied": marked("This account has no maintenance orders"),
    "deniedAdvice": marked("Ask an administrator for the technician role."),
    "others": marked("Steps of {account} on this phone are not sent"),
    "othersAdvice": marked("They are sent when that account logs in here, and by no other."),
    "logIn": marked("Log in"),
    "noOffline": marked("This page cannot work offline here"),
    "noOfflineAdvice": marked("Open it over HTTPS, with a certificate that this phone trusts, in a current browser."),
    "leave": marked("Log out"),
    "leaveAsk": marked("Log out and delete steps that are not sent?"),
    "leaveAdvice": marked("Steps not sent: {count}. Logging out deletes them, and your orders, from this phone."),
    "leaveOffline": marked("Logging out needs a network"),
    "leaveOfflineAdvice": marked("The session ends at the centre. Nothing was deleted from this phone."),
}
_REFUSALS: Final = {
    errors.UnknownOrderError: marked("The order does not exist any more, or is not yours."),
    errors.OrderStateError: marked("The order has moved on: its state does not allow this step."),
    errors.OrderTakenError: marked("Another technician has accepted this order."),
}

router = APIRouter(include_in_schema=False)


@router.get(PATH, openapi_extra=needs(NEEDS))
def choose() -> RedirectResponse:
    """Leads to the page in the language of this browser. Each language has an address, so that both work offline."""
    return RedirectResponse(f"{PATH}/{preferences.current().language.code}", status_code=303)


@router.get(f"{PATH}/worker.js", openapi_extra=needs(NEEDS))
def show_worker() -> Response:
    """Serves the service worker, which keeps the page for use without a network."""
    parts = [*(f"{PATH}/{code}" for code in LANGUAGES), *(f"/static/{name}" for name in _STATIC)]
    text = _WORKER.render(version=_version(), parts=parts)
    return Response(text, media_type="text/javascript", headers={"Content-Security-Policy": _POLICY})


def _page(language: Language) -> Callable[[], HTMLResponse]:
    def show() -> HTMLResponse:
        """Serves the page; its script draws the orders."""
        return HTMLResponse(_drawn(language), headers={"Content-Security-Policy": _POLICY})

    return show


for each in LANGUAGES.values():
    router.get(f"{PATH}/{each.code}", openapi_extra=needs(NEEDS))(_page(each))


@cache
def _drawn(language: Language) -> str:
    _ = language
    words = {
        "texts": {key: _(text) for key, text in _TEXTS.items()}
        | {kind.code: _(text) for kind, text in _REFUSALS.items()},
        "states": {state.value: _(text) for state, text in labels.STATES.items()},
        "faults": {code: _(text) for code, text in labels.FAULTS.items()},
        "stepNames": {kind.value: _(text) for kind, text in labels.STEPS.items()},
        "flow": {
            state.value: [(kind.value, after(state, EVENT_OF[kind]).value) for kind in kinds]
            for state, kinds in _OFFERED.items()
        },
        "zoneMs": round(ZONE.utcoffset(None).total_seconds() * 1000),
        "zone": ZONE_TEXT,
    }
    return _PAGE.render(_=_, language=_, languages=tuple(LANGUAGES.values()), words=words)


@cache
def _version() -> str:
    """Changes with the page, its scripts and its texts: browsers that keep it then replace it as a whole."""
    parts = [*(_drawn(language).encode() for language in LANGUAGES.values())]
    parts += [(_CONSOLE / "static" / name).read_bytes() for name in _STATIC]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]
