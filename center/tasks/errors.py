"""Errors of orders to parse tasks and jobs, with messages that the console translates."""

from center.errors import CenterError, marked


class TasksOffError(CenterError):
    """The centre has no key to sign orders with."""

    code = "tasks_off"
    message = marked("This centre cannot control parse tasks: it has no authorised key.")
    remedy = marked("Create one with wayside-center task-key, have it signed by provisioning, and set [tasks].")


class StartNotAuthorisedError(CenterError):
    """The warrant of the centre's key does not have the power to begin jobs."""

    code = "start_not_authorised"
    message = marked("The key of this centre is not authorised to start tasks.")
    remedy = marked("Have it signed again with wayside-provision service warrant --start, and restart the centre.")


class NotATaskError(CenterError):
    """The camera is live, or its agent does not report the kind of its source."""

    code = "not_a_task"
    message = marked("Camera {camera_id} of agent {agent_id} is not an import of recordings.")
    remedy = marked("Only imports at a desk agent can be paused or prioritised. Live cameras always run.")


class AgentAwayError(CenterError):
    """The agent would not get the order."""

    code = "agent_away"
    message = marked("Agent {agent_id} is unreachable: the command was not sent.")
    remedy = marked("Try again when the agent is online and the centre is connected to the broker.")


class NoRecorderError(CenterError):
    """The agent has no recorder for the camera."""

    code = "no_recorder"
    message = marked("No recorder is configured for camera {camera_id} of agent {agent_id}.")
    remedy = marked("Add the recorder to the agent's configuration, or choose another camera.")


class NoLiveStreamError(CenterError):
    """The agent fetches no live stream of the camera."""

    code = "no_live_stream"
    message = marked("Camera {camera_id} of agent {agent_id} has no live stream that can be analysed more often.")
    remedy = marked("Choose a camera whose live stream the agent receives.")


class SpanAheadError(CenterError):
    """A span that is not over yet."""

    code = "span_ahead"
    message = marked("The time range ends after now.")
    remedy = marked("Choose a time range that is over.")


class SpanTooLongError(CenterError):
    """A span that is longer than agents fetch at once."""

    code = "span_too_long"
    message = marked("The time range is longer than {hours} hours.")
    remedy = marked("Create several tasks, each with a part of it.")


class LiveTooLongError(CenterError):
    """A live stream is not analysed more often for so long, or the time is over."""

    code = "live_too_long"
    message = marked("A live stream can be analysed more often for {hours} hours at most.")
    remedy = marked("Choose a shorter duration.")


class TooManyJobsError(CenterError):
    """An agent takes no more jobs than this that have not ended."""

    code = "too_many_jobs"
    message = marked("Agent {agent_id} would have {count} unfinished tasks; the maximum is {limit}.")
    remedy = marked("Wait until some are finished, cancel some, or choose fewer cameras.")


class UnknownJobError(CenterError):
    """No such job, or of a camera that the caller may not see."""

    code = "unknown_job"
    message = marked("Task {job_id} does not exist.")
    remedy = marked("Reload the page: ended tasks are removed after a while.")


class JobStateError(CenterError):
    """The job's phase does not allow the order."""

    code = "job_state"
    message = marked("The state of this task does not allow the command.")
    remedy = marked("Reload the page: the task may have ended, or its agent has not received it yet.")
