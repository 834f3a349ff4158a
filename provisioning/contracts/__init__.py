"""What the processes of Wayside say to one another: pydantic models and the standard library, nothing else.

Provisioning is the first to write every identity, topic, access rule and configuration that another process reads;
that is why the shared types live here (decision record 1).

History of `CONTRACT_VERSION`. One integer travels in every message; a reader accepts exactly the versions in
`SUPPORTED_VERSIONS` and answers anything else with a *rejected* message.

- 1, grown 2026-11-28: *rejected* has the reason `unprocessable`, which an agent of before ignores: it sends the message
  again until it expires; the intake's status tells what makes no way and what was tried alone, with defaults.
- 1, grown 2026-11-26: staged roll-outs: orders to change an agent's software and what became of them, a report of the
  roll-out, in an agent's configuration the section [updates]. New topics and messages alone.
- 1, grown 2026-11-26: what is brought to a desk is signed by its agent, in the envelope and in the archive's row; of
  anything else the envelope is byte for byte as before. Commands to parse tasks, their warrant and the agent's word on
  them, with two topics; erasing in the archive what was brought for a case that is over; in the centre's configuration
  the section [tasks], and in [cases] the authority of the desk agent, which `desk` now needs.
- 1, grown 2026-11-26: people counted by camera in bins of five minutes or more (`zone_counts`).
- 1, changed 2026-11-26, before any release: a look-alike search names each camera with its agent (`sources` instead of
  `camera_ids`); between a centre and a cluster of which one is of before it is refused.
- 1, grown 2026-11-26: in *observed*, when a picture was selected, redacted, spooled and parsed, with defaults; three
  more MQTT properties say the first three.
- 1, grown 2026-11-26: in the edge's configuration `redactor.still_s`, with a default that changes nothing.
- 1, grown 2026-11-26: a camera's state says how its pictures come and from which device, a heartbeat which recordings
  are brought, the intake's status its hops, all with defaults; `query` tells of the disk under the archive and what a
  day takes of it; the centre reads the broker's own figures; in its configuration the sections [pipeline] and [map].
- 1, grown 2026-11-26: in the archive, of a machine its share of the picture, its heading and zones; filters of a
  search, counts of machines and how a search is run.
- 1, grown 2026-11-26: standing look-alikes; in the centre's configuration the section [cases].
- 1, grown 2026-11-26: in *observed*, the picture's size, the hops' times, and machines with the motion that the edge
  told of them, which the archive's snapshot row has too; all with defaults. An MQTT property says when a message was
  sent.
- 1, grown 2026-11-26: in the archive, the detector that saw a picture, with the hash of its model; the file that says
  which detector sees which camera; the parsers' answer.
- 1, grown 2026-11-26: look-alike search; in the archive when a picture was erased, and what upkeep found.
- 1, grown 2026-11-26: the intake's status tells its queues, with defaults; the cluster's configuration has a file and a
  section [node].
- 1, grown 2026-11-26: in the archive, a machine's main colour, and a vector that no answer carries.
- 1, grown 2026-11-25: in the configuration, sources of kind `gb28181` and the section `gb28181`; whatever was there is
  unchanged.
- 1, grown 2026-11-24, before any release: `Machine.motion`, `CameraStatus.code`, more figures in `Heartbeat`, all with
  defaults; new message `Assessed`; in the configuration more kinds of source, lines, zones, lanes and picture checks.
- 1, added 2026-11-24: sealed documents (configuration, roster), configured, bundle and enrolment. New topics and
  messages alone: what was there is unchanged, so the number is too.
- 1 (2026-11-24): first version. Snapshot envelope, archived, rejected, observed, heartbeat, camera status,
  configuration of edge, cluster and centre, archive rows.
"""

from typing import Final

CONTRACT_VERSION: Final = 1
SUPPORTED_VERSIONS: Final = frozenset({1})
