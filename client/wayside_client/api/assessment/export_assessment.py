from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.export_assessment_form import ExportAssessmentForm
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    period: str,
    form: ExportAssessmentForm | Unset = ExportAssessmentForm.XLSX,
    version: int | None | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["period"] = period

    json_form: str | Unset = UNSET
    if not isinstance(form, Unset):
        json_form = form.value

    params["form"] = json_form

    json_version: int | None | Unset
    if isinstance(version, Unset):
        json_version = UNSET
    else:
        json_version = version
    params["version"] = json_version

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/assessment/export",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> bytes:
    if response.status_code == 200:
        return response.content
    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    period: str,
    form: ExportAssessmentForm | Unset = ExportAssessmentForm.XLSX,
    version: int | None | Unset = UNSET,
) -> bytes:
    """Export CSV of the cameras (UTF-8 with BOM), a workbook of everything, or a PDF. Names never become
    formulas.

    Args:
        period (str): A month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.
        form (ExportAssessmentForm | Unset):  Default: ExportAssessmentForm.XLSX.
        version (int | None | Unset): Of a closed month; its newest by default.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `unknown_month_version`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            period=period,
            form=form,
            version=version,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    period: str,
    form: ExportAssessmentForm | Unset = ExportAssessmentForm.XLSX,
    version: int | None | Unset = UNSET,
) -> bytes:
    """Export CSV of the cameras (UTF-8 with BOM), a workbook of everything, or a PDF. Names never become
    formulas.

    Args:
        period (str): A month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.
        form (ExportAssessmentForm | Unset):  Default: ExportAssessmentForm.XLSX.
        version (int | None | Unset): Of a closed month; its newest by default.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `unknown_month_version`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `bad_period`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            period=period,
            form=form,
            version=version,
        ),
    )
