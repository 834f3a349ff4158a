"""Writes `README.txt` of an export: its content, and how a court checks it with openssl and coreutils alone."""

import textwrap
from typing import Final

from center.clock import local, utc
from center.evidence import names
from center.evidence.manifest import Case, LeftOut

_WIDTH: Final = 118
_REASON_EN: Final = {
    "erased": "was erased in the archive",
    "withheld": "was withheld at the edge and never reached the centre",
    "leak": "was not kept, because a face was found in it",
    "damaged": "is damaged in the archive",
    "unknown": "is not, or no longer, in the archive",
}
_REASON_ZH: Final = {
    "erased": "已在档案中删除",
    "withheld": "在前端被扣留，从未到达中心",
    "leak": "其中发现人脸，未予保存",
    "damaged": "在档案中已损坏",
    "unknown": "不在档案中，或已超过保存期",
}
STAMP_EN: Final = (
    "The time stamp (RFC 3161) was made by this centre's own authority. It shows that the signed manifest, and with it"
    " every file, existed when this centre's clock showed the stamped time, and has not been changed since. It does not"
    " show that the clock was right, nor anything against whoever runs the centre and holds its keys: no third party"
    " took part. For that, have manifest.json.p7s stamped by a public authority on the day it is handed over."
)
STAMP_ZH: Final = (
    "时间戳（RFC 3161）由本中心自己的时间戳机构签发。它证明：在本中心时钟显示该时刻时，"
    "已签名的清单及其列出的每个文件已经存在，此后未被改动。它不证明该时钟准确，"
    "也不能对抗运行本中心并持有密钥的一方：没有第三方参与。"
    "如有此需要，请在移交当日将 manifest.json.p7s 交由公共时间戳机构加盖时间戳。"
)


def reason(out: LeftOut, *, chinese: bool) -> str:
    """Returns the reason why an observation is not in the archive, in words."""
    text = (_REASON_ZH if chinese else _REASON_EN)[out.reason]
    return text if out.erased_at_ms is None else f"{text} ({utc(out.erased_at_ms)})"


def clock_text(*, synchronised: bool | None, max_error_ms: int | None, source: str) -> tuple[str, str]:
    """Describes the clock in English and Chinese."""
    said_en = {
        None: "whether it was synchronised is not known",
        False: "the operating system said that it was NOT synchronised",
        True: f"the operating system said that it was synchronised, at most {max_error_ms} ms off",
    }[synchronised]
    said_zh = {
        None: "是否已同步未知",
        False: "操作系统报告：未同步",
        True: f"操作系统报告：已同步，误差不超过 {max_error_ms} 毫秒",
    }[synchronised]
    return (
        f"Clock: {said_en}; its source, in the operator's words: {source or 'not stated'}.",
        f"时钟：{said_zh}；时钟来源（运维人员填写）：{source or '未填写'}。",
    )


def text(
    *,
    case: Case,
    export_id: str,
    exported_by: str,
    exported_at_ms: int,
    pictures: int,
    files: int,
    left_out: list[LeftOut],
    root_sha256: str,
    clock: tuple[str, str],
) -> str:
    """Writes the whole file. `files` counts every file of the archive."""
    at_s = exported_at_ms // 1000
    sums = (
        'grep -o \'"name":"[^"]*","sha256":"[0-9a-f]*"\' manifest.json |'
        ' sed \'s/"name":"\\(.*\\)","sha256":"\\(.*\\)"/\\2  \\1/\' | sha256sum --check --strict --quiet'
    )
    commands = f"""\
  unzip -q EVIDENCE.zip -d evidence && cd evidence
  openssl x509 -in ../root.pem -noout -fingerprint -sha256
  openssl cms -verify -binary -inform DER -in {names.SIGNATURE} -content {names.MANIFEST} \\
    -CAfile ../root.pem -attime {at_s} -out /dev/null
  openssl ts -verify -data {names.SIGNATURE} -in {names.STAMP} -CAfile ../root.pem -attime {at_s}
  openssl ts -reply -in {names.STAMP} -text
  {sums}
  find . -type f | wc -l"""
    shown_en = "".join(f"  {out.row_key} {reason(out, chinese=False)}\n" for out in left_out)
    shown_zh = "".join(f"  {out.row_key} {reason(out, chinese=True)}\n" for out in left_out)
    return f"""\
WAYSIDE EVIDENCE {export_id}

Case:          {case.number}
Purpose:       {case.purpose}
Requested by:  {case.requester}
Exported by:   {exported_by}
Exported at:   {local(exported_at_ms)} = {utc(exported_at_ms)}
Pictures:      {pictures}
{"Left out:" + chr(10) + shown_en if left_out else ""}
WHAT IS IN IT
  observations/NNNN-CAMERA/picture.jpg    the redacted picture, byte for byte as it is archived
  observations/NNNN-CAMERA/metadata.json  time and whether it is trusted, camera, agent, machines and their boxes
  {names.CUSTODY}   from the camera to the archive, link by link; what is not known is named
  {names.AUDIT}      who did what with these observations, and in this case as far as it says
  {names.SUMMARY}             the same for people, with small pictures
  {names.MANIFEST}           name, size and SHA-256 of each file; who, when, for what
  {names.SIGNATURE}       signature of the centre over {names.MANIFEST} (CMS, RFC 5652)
  {names.STAMP}       time stamp over that signature (RFC 3161)

Faces and plates were covered before the pictures left the street; there is no other picture.

HOW TO CHECK IT
You need root.pem, the certificate of the site's authority, from another source than this archive. Its fingerprint:
  {root_sha256}
The fingerprint counts only if somebody else tells you the same. Then, with EVIDENCE.zip and root.pem in one folder:

{commands}

The second command must print that fingerprint, the third "CMS Verification successful", the fourth "Verification:
OK", the sixth nothing, the last {files}. -attime checks the certificates at the time of export: they are valid for two
years, the pictures may be needed for longer. The script verify-evidence does all of it, checks the ZIP's own headers
too, and names the file that is wrong.

WHAT THE TIME STAMP SHOWS
{textwrap.fill(STAMP_EN, _WIDTH)}
{textwrap.fill(clock[0], _WIDTH)}


================================================================================

WAYSIDE 证据包 {export_id}

案件编号：{case.number}
用途：    {case.purpose}
申请人：  {case.requester}
导出人：  {exported_by}
导出时间：{local(exported_at_ms)} = {utc(exported_at_ms)}
图片数：  {pictures}
{"未包含：" + chr(10) + shown_zh if left_out else ""}
内容
  observations/NNNN-相机/picture.jpg    已遮盖的图片，与档案逐字节相同
  observations/NNNN-相机/metadata.json  时间及其是否可信、相机、代理、车辆及其边框
  {names.CUSTODY}  从相机到档案的保管链，逐环列出；未知之处均注明
  {names.AUDIT}     谁对这些记录做过什么，以及在本案中做过什么（以文件所述范围为限）
  {names.SUMMARY}            供人阅读的摘要，附小图
  {names.MANIFEST}          每个文件的名称、大小和 SHA-256；何人、何时、为何
  {names.SIGNATURE}      本中心对 {names.MANIFEST} 的签名（CMS，RFC 5652）
  {names.STAMP}      对该签名的时间戳（RFC 3161）

人脸和车牌在图片离开街道之前已被遮盖；不存在其他图片。

如何核验
需要从本证据包以外的渠道取得站点证书机构的证书 root.pem。其指纹为：
  {root_sha256}
只有另有人告知同一指纹，它才有意义。将 EVIDENCE.zip 与 root.pem 放在同一目录，然后执行：

{commands}

第二条命令应显示上述指纹，第三条显示 "CMS Verification successful"，第四条显示 "Verification: OK"，第六条无输出，
最后一条显示 {files}。-attime 按导出时刻检查证书：证书有效期两年，而图片可能需要保存更久。
脚本 verify-evidence 完成以上全部步骤，并检查 ZIP 自身的文件头，指出有误的文件。

时间戳证明什么
{STAMP_ZH.replace("。", "。" + chr(10)).strip()}
{clock[1]}
"""
