"""Defines the contracts between Wayside's processes: pydantic models and the standard library, nothing else.

Provisioning is the first to write every identity, topic, access rule and configuration that another process reads; that
is why the shared types live here (decision record 1).

History of `CONTRACT_VERSION`. One integer travels in every message; a reader accepts exactly the versions in
`SUPPORTED_VERSIONS` and answers anything else with a *rejected* message.

- 1, grown 2026-11-29: a camera and its state name the compass direction in which it looks, where one is entered.
- 1, grown 2026-11-29: the measurements of a camera name the reading of its clock, with its source, and one that
  contradicts it, with defaults; in an agent's configuration the section [cameras.clock], left out while it is the
  default.
- 1, grown 2026-11-28: the envelope names the detector that found its machines in the raw picture. An older cluster
  rejects it, so servers are upgraded before boxes, as ever; a newer cluster takes the envelope of an older agent.
  The archive's row says whether its machines were found at the edge; the status of intake and parsers counts reused
  pictures and names agents that lost their proof; in the cluster's configuration `canary_proof`; all with defaults.
- 1, grown 2026-11-28: *rejected* has the reason `unprocessable`, which an older agent ignores: it sends the message
  again until the message expires; the intake's status names the stages that make no progress and counts the messages
  that were tried alone, with defaults.
- 1, grown 2026-11-26: staged roll-outs: orders to change an agent's software and their outcomes, a report of the
  roll-out, in an agent's configuration the section [updates]. New topics and messages alone.
- 1, grown 2026-11-26: an agent signs pictures that are brought to its desk, in the envelope and in the archive's row;
  every other envelope is byte for byte as before. Commands to parse tasks, their warrant and the agent's report on
  them, with two topics; erasing in the archive what was brought for a case that is over; in the centre's configuration
  the section [tasks], and in [cases] the authority of the desk agent, which `desk` now needs.
- 1, grown 2026-11-26: people counted by camera in bins of five minutes or more (`zone_counts`).
- 1, changed 2026-11-26, before any release: a look-alike search names each camera with its agent (`sources` instead of
  `camera_ids`); between a centre and a cluster of which one is older, such a search is refused.
- 1, grown 2026-11-26: in *observed*, the times at which a picture was selected, redacted, spooled and parsed, with
  defaults; three more MQTT properties carry the first three.
- 1, grown 2026-11-26: in the edge's configuration `redactor.still_s`, with a default that changes nothing.
- 1, grown 2026-11-26: a camera's state names the kind of its source and its device, a heartbeat the recordings being
  brought, the intake's status its hops, all with defaults; `query` reports the disk under the archive and the bytes
  that a day takes of it; the centre reads the broker's own figures; in its configuration the sections [pipeline] and
  [map].
- 1, grown 2026-11-26: in the archive, of a machine its share of the picture, its heading and zones; filters of a
  search, counts of machines and the plan of a search.
- 1, grown 2026-11-26: standing look-alikes; in the centre's configuration the section [cases].
- 1, grown 2026-11-26: in *observed*, the picture's size, the hops' times, and machines with the motion that the edge
  measured, which the archive's snapshot row has too; all with defaults. An MQTT property carries the time at which a
  message was sent.
- 1, grown 2026-11-26: in the archive, the detector that searched a picture, with the hash of its model; the file that
  assigns detectors to cameras; the parsers' status.
- 1, grown 2026-11-26: look-alike search; in the archive the time at which a picture was erased, and the findings of
  upkeep.
- 1, grown 2026-11-26: the intake's status lists its queues, with defaults; the cluster's configuration has a file and a
  section [node].
- 1, grown 2026-11-26: in the archive, a machine's main colour, and a vector that no answer carries.
- 1, grown 2026-11-25: in the configuration, sources of kind `gb28181` and the section `gb28181`; the rest is
  unchanged.
- 1, grown 2026-11-24, before any release: `Machine.motion`, `CameraStatus.code`, more figures in `Heartbeat`, all with
  defaults; new message `Assessed`; in the configuration more kinds of source, lines, zones, lanes and picture checks.
- 1, added 2026-11-24: sealed documents (configuration, roster), configured, bundle and enrolment. New topics and
  messages alone: older ones are unchanged, and so is the number.
- 1 (2026-11-24): first version. Snapshot envelope, archived, rejected, observed, heartbeat, camera status,
  configuration of edge, cluster and centre, archive rows.
"""

from typing import Final

CONTRACT_VERSION: Final = 1
SUPPORTED_VERSIONS: Final = frozenset({1})
