"""Contains all the data models used in inputs/outputs"""

from .absent import Absent
from .act import Act
from .agent_view import AgentView
from .alarm_event import AlarmEvent
from .alarm_event_view import AlarmEventView
from .alarm_figures import AlarmFigures
from .alarm_figures_outcomes import AlarmFiguresOutcomes
from .alarm_figures_trouble import AlarmFiguresTrouble
from .alarm_history import AlarmHistory
from .alarm_list import AlarmList
from .alarm_push import AlarmPush
from .alarm_state import AlarmState
from .alarm_view import AlarmView
from .and_ import And
from .assessed_district import AssessedDistrict
from .assignment import Assignment
from .audit_entry_view import AuditEntryView
from .box import Box
from .break_view import BreakView
from .caller_access import CallerAccess
from .camera_count import CameraCount
from .camera_count_machines import CameraCountMachines
from .camera_fault import CameraFault
from .camera_fault_states_item import CameraFaultStatesItem
from .camera_page import CameraPage
from .camera_place_view import CameraPlaceView
from .camera_ref import CameraRef
from .capacity import Capacity
from .card_view import CardView
from .case_change import CaseChange
from .case_detail import CaseDetail
from .case_event_view import CaseEventView
from .case_list import CaseList
from .case_machine import CaseMachine
from .case_state import CaseState
from .case_terms import CaseTerms
from .case_view import CaseView
from .cause_kind import CauseKind
from .cause_view import CauseView
from .cause_view_facts import CauseViewFacts
from .chain_check_view import ChainCheckView
from .channel_view import ChannelView
from .channel_view_messages import ChannelViewMessages
from .clock_name import ClockName
from .clock_quality import ClockQuality
from .clock_source import ClockSource
from .clock_view import ClockView
from .coded_cause import CodedCause
from .coded_cause_params import CodedCauseParams
from .collected import Collected
from .comment import Comment
from .compared_row_view import ComparedRowView
from .comparison_view import ComparisonView
from .complaint_source import ComplaintSource
from .complaint_view import ComplaintView
from .composed import Composed
from .condition import Condition
from .configuration_view import ConfigurationView
from .confirmation import Confirmation
from .correction import Correction
from .coverage import Coverage
from .coverage_protocols import CoverageProtocols
from .coverage_states import CoverageStates
from .created_administrator import CreatedAdministrator
from .created_token import CreatedToken
from .crowding import Crowding
from .day_plan_view import DayPlanView
from .day_rows import DayRows
from .decision import Decision
from .dependency import Dependency
from .device_state import DeviceState
from .district_coverage import DistrictCoverage
from .district_properties import DistrictProperties
from .district_roster import DistrictRoster
from .district_terms import DistrictTerms
from .district_view import DistrictView
from .duty import Duty
from .entry_view import EntryView
from .event_drop import EventDrop
from .event_kind import EventKind
from .event_receiver_report import EventReceiverReport
from .event_receiver_report_dropped import EventReceiverReportDropped
from .event_receiver_report_sent import EventReceiverReportSent
from .evidence_page import EvidencePage
from .evidence_view import EvidenceView
from .evidence_view_causes import EvidenceViewCauses
from .explained import Explained
from .export import Export
from .export_assessment_form import ExportAssessmentForm
from .export_request import ExportRequest
from .export_sms_month_form import ExportSmsMonthForm
from .export_state import ExportState
from .factor_begun import FactorBegun
from .figures import Figures
from .filters import Filters
from .gap_view import GapView
from .get_assessment_series_by import GetAssessmentSeriesBy
from .get_site_features_response_200 import GetSiteFeaturesResponse200
from .grant_body import GrantBody
from .grant_view import GrantView
from .growth_view import GrowthView
from .health_report import HealthReport
from .health_summary import HealthSummary
from .health_summary_dependencies import HealthSummaryDependencies
from .hours import Hours
from .indicator import Indicator
from .indicator_finding_view import IndicatorFindingView
from .indicator_verdict import IndicatorVerdict
from .job_hold import JobHold
from .job_list import JobList
from .job_order_view import JobOrderView
from .job_view import JobView
from .judged_machine import JudgedMachine
from .judgement import Judgement
from .judgement_verdict import JudgementVerdict
from .kind import Kind
from .lane import Lane
from .lane_view import LaneView
from .late_list import LateList
from .late_view import LateView
from .ledger_view import LedgerView
from .left_out import LeftOut
from .left_out_reason import LeftOutReason
from .lift_reason import LiftReason
from .line import Line
from .line_crossing import LineCrossing
from .live_request import LiveRequest
from .live_work import LiveWork
from .login import Login
from .loop_report import LoopReport
from .machine_class import MachineClass
from .machine_colour import MachineColour
from .machine_counts import MachineCounts
from .machine_list import MachineList
from .machine_verdict import MachineVerdict
from .machine_view import MachineView
from .maintainer_month import MaintainerMonth
from .maintenance_state import MaintenanceState
from .maintenance_window import MaintenanceWindow
from .maintenance_window_scope import MaintenanceWindowScope
from .malformed_count import MalformedCount
from .many import Many
from .match_outcome import MatchOutcome
from .membership import Membership
from .message import Message
from .message_state import MessageState
from .month_version_view import MonthVersionView
from .motorway_lane import MotorwayLane
from .multi_polygon import MultiPolygon
from .named_place import NamedPlace
from .new_case import NewCase
from .new_complaint import NewComplaint
from .new_district import NewDistrict
from .new_jobs import NewJobs
from .new_order import NewOrder
from .new_password import NewPassword
from .new_saved_search import NewSavedSearch
from .new_tactic import NewTactic
from .new_token import NewToken
from .new_user import NewUser
from .not_ import Not
from .observation_list import ObservationList
from .observation_view import ObservationView
from .observation_view_redaction_models import ObservationViewRedactionModels
from .one_time_code import OneTimeCode
from .or_ import Or
from .order_detail import OrderDetail
from .order_event import OrderEvent
from .order_event_view import OrderEventView
from .order_list import OrderList
from .order_month import OrderMonth
from .order_state import OrderState
from .order_terms import OrderTerms
from .order_urgency import OrderUrgency
from .order_view import OrderView
from .outbox_page import OutboxPage
from .outline import Outline
from .outlines import Outlines
from .owners_wait import OwnersWait
from .part_used import PartUsed
from .password import Password
from .password_proof import PasswordProof
from .permission import Permission
from .permit_request import PermitRequest
from .permit_view import PermitView
from .picture_list import PictureList
from .picture_state import PictureState
from .picture_view import PictureView
from .pipeline_view import PipelineView
from .place_view import PlaceView
from .placed_camera_view import PlacedCameraView
from .plan import Plan
from .plan_scope import PlanScope
from .platform_fault import PlatformFault
from .platform_fault_parts_item import PlatformFaultPartsItem
from .point import Point
from .polygon import Polygon
from .posted_message import PostedMessage
from .preview_view import PreviewView
from .preview_view_by_camera import PreviewViewByCamera
from .priority import Priority
from .priority_order import PriorityOrder
from .problem import Problem
from .quality import Quality
from .quota_state import QuotaState
from .quota_view import QuotaView
from .rate_state import RateState
from .rate_view import RateView
from .recipient_view import RecipientView
from .recorded_span import RecordedSpan
from .recorder_request import RecorderRequest
from .recorder_state import RecorderState
from .recording_progress import RecordingProgress
from .recovery_codes import RecoveryCodes
from .register_entry import RegisterEntry
from .register_page import RegisterPage
from .register_result import RegisterResult
from .remark import Remark
from .report_view import ReportView
from .revoked_count import RevokedCount
from .role import Role
from .roster_list import RosterList
from .roster_report import RosterReport
from .roster_view import RosterView
from .rule_change import RuleChange
from .rule_file import RuleFile
from .rule_finding_view import RuleFindingView
from .rule_list import RuleList
from .rule_switch import RuleSwitch
from .rule_text import RuleText
from .rule_version_view import RuleVersionView
from .rule_view import RuleView
from .saved_search import SavedSearch
from .score_view import ScoreView
from .search_filters import SearchFilters
from .search_plan_view import SearchPlanView
from .search_view import SearchView
from .second_account import SecondAccount
from .seen import Seen
from .session import Session
from .set_aside_count import SetAsideCount
from .settings import Settings
from .settings_pass_at import SettingsPassAt
from .settings_timely_s import SettingsTimelyS
from .settings_weight import SettingsWeight
from .setup import Setup
from .severity import Severity
from .share_in_time import ShareInTime
from .shown_token import ShownToken
from .side import Side
from .sms_cost_view import SmsCostView
from .sms_day_view import SmsDayView
from .sms_month_view import SmsMonthView
from .sought_machine import SoughtMachine
from .source import Source
from .source_kind import SourceKind
from .span_request import SpanRequest
from .span_review_view import SpanReviewView
from .span_work import SpanWork
from .stage import Stage
from .stage_history import StageHistory
from .stage_state import StageState
from .stage_view import StageView
from .standing_lookalike import StandingLookalike
from .standing_machine import StandingMachine
from .statement_verdict import StatementVerdict
from .statement_view import StatementView
from .step_kind import StepKind
from .storage_item_view import StorageItemView
from .storage_kind import StorageKind
from .storage_room import StorageRoom
from .suspension_view import SuspensionView
from .syslog_report import SyslogReport
from .tactic_view import TacticView
from .task_job_phase import TaskJobPhase
from .task_kind import TaskKind
from .task_list import TaskList
from .task_list_at_work_type_0 import TaskListAtWorkType0
from .task_order_view import TaskOrderView
from .task_state import TaskState
from .task_view import TaskView
from .technician_step import TechnicianStep
from .term_state import TermState
from .terms_list import TermsList
from .terms_view import TermsView
from .test_message import TestMessage
from .theft import Theft
from .then import Then
from .time_bin import TimeBin
from .time_bin_machines import TimeBinMachines
from .times_view import TimesView
from .user_view import UserView
from .verb import Verb
from .verdict import Verdict
from .void_reason import VoidReason
from .wall_results import WallResults
from .wall_results_alarms import WallResultsAlarms
from .wall_results_cases import WallResultsCases
from .wall_view import WallView
from .wall_view_faults import WallViewFaults
from .week_hour import WeekHour
from .week_hour_machines import WeekHourMachines
from .week_span import WeekSpan
from .window_end import WindowEnd
from .window_list import WindowList
from .window_page import WindowPage
from .window_view import WindowView
from .work_calendar import WorkCalendar
from .wrong_way import WrongWay
from .zone_bin import ZoneBin
from .zone_count import ZoneCount
from .zone_counts import ZoneCounts
from .zone_entry import ZoneEntry

__all__ = (
    "Absent",
    "Act",
    "AgentView",
    "AlarmEvent",
    "AlarmEventView",
    "AlarmFigures",
    "AlarmFiguresOutcomes",
    "AlarmFiguresTrouble",
    "AlarmHistory",
    "AlarmList",
    "AlarmPush",
    "AlarmState",
    "AlarmView",
    "And",
    "AssessedDistrict",
    "Assignment",
    "AuditEntryView",
    "Box",
    "BreakView",
    "CallerAccess",
    "CameraCount",
    "CameraCountMachines",
    "CameraFault",
    "CameraFaultStatesItem",
    "CameraPage",
    "CameraPlaceView",
    "CameraRef",
    "Capacity",
    "CardView",
    "CaseChange",
    "CaseDetail",
    "CaseEventView",
    "CaseList",
    "CaseMachine",
    "CaseState",
    "CaseTerms",
    "CaseView",
    "CauseKind",
    "CauseView",
    "CauseViewFacts",
    "ChainCheckView",
    "ChannelView",
    "ChannelViewMessages",
    "ClockName",
    "ClockQuality",
    "ClockSource",
    "ClockView",
    "CodedCause",
    "CodedCauseParams",
    "Collected",
    "Comment",
    "ComparedRowView",
    "ComparisonView",
    "ComplaintSource",
    "ComplaintView",
    "Composed",
    "Condition",
    "ConfigurationView",
    "Confirmation",
    "Correction",
    "Coverage",
    "CoverageProtocols",
    "CoverageStates",
    "CreatedAdministrator",
    "CreatedToken",
    "Crowding",
    "DayPlanView",
    "DayRows",
    "Decision",
    "Dependency",
    "DeviceState",
    "DistrictCoverage",
    "DistrictProperties",
    "DistrictRoster",
    "DistrictTerms",
    "DistrictView",
    "Duty",
    "EntryView",
    "EventDrop",
    "EventKind",
    "EventReceiverReport",
    "EventReceiverReportDropped",
    "EventReceiverReportSent",
    "EvidencePage",
    "EvidenceView",
    "EvidenceViewCauses",
    "Explained",
    "Export",
    "ExportAssessmentForm",
    "ExportRequest",
    "ExportSmsMonthForm",
    "ExportState",
    "FactorBegun",
    "Figures",
    "Filters",
    "GapView",
    "GetAssessmentSeriesBy",
    "GetSiteFeaturesResponse200",
    "GrantBody",
    "GrantView",
    "GrowthView",
    "HealthReport",
    "HealthSummary",
    "HealthSummaryDependencies",
    "Hours",
    "Indicator",
    "IndicatorFindingView",
    "IndicatorVerdict",
    "JobHold",
    "JobList",
    "JobOrderView",
    "JobView",
    "JudgedMachine",
    "Judgement",
    "JudgementVerdict",
    "Kind",
    "Lane",
    "LaneView",
    "LateList",
    "LateView",
    "LedgerView",
    "LeftOut",
    "LeftOutReason",
    "LiftReason",
    "Line",
    "LineCrossing",
    "LiveRequest",
    "LiveWork",
    "Login",
    "LoopReport",
    "MachineClass",
    "MachineColour",
    "MachineCounts",
    "MachineList",
    "MachineVerdict",
    "MachineView",
    "MaintainerMonth",
    "MaintenanceState",
    "MaintenanceWindow",
    "MaintenanceWindowScope",
    "MalformedCount",
    "Many",
    "MatchOutcome",
    "Membership",
    "Message",
    "MessageState",
    "MonthVersionView",
    "MotorwayLane",
    "MultiPolygon",
    "NamedPlace",
    "NewCase",
    "NewComplaint",
    "NewDistrict",
    "NewJobs",
    "NewOrder",
    "NewPassword",
    "NewSavedSearch",
    "NewTactic",
    "NewToken",
    "NewUser",
    "Not",
    "ObservationList",
    "ObservationView",
    "ObservationViewRedactionModels",
    "OneTimeCode",
    "Or",
    "OrderDetail",
    "OrderEvent",
    "OrderEventView",
    "OrderList",
    "OrderMonth",
    "OrderState",
    "OrderTerms",
    "OrderUrgency",
    "OrderView",
    "OutboxPage",
    "Outline",
    "Outlines",
    "OwnersWait",
    "PartUsed",
    "Password",
    "PasswordProof",
    "Permission",
    "PermitRequest",
    "PermitView",
    "PictureList",
    "PictureState",
    "PictureView",
    "PipelineView",
    "PlaceView",
    "PlacedCameraView",
    "Plan",
    "PlanScope",
    "PlatformFault",
    "PlatformFaultPartsItem",
    "Point",
    "Polygon",
    "PostedMessage",
    "PreviewView",
    "PreviewViewByCamera",
    "Priority",
    "PriorityOrder",
    "Problem",
    "Quality",
    "QuotaState",
    "QuotaView",
    "RateState",
    "RateView",
    "RecipientView",
    "RecordedSpan",
    "RecorderRequest",
    "RecorderState",
    "RecordingProgress",
    "RecoveryCodes",
    "RegisterEntry",
    "RegisterPage",
    "RegisterResult",
    "Remark",
    "ReportView",
    "RevokedCount",
    "Role",
    "RosterList",
    "RosterReport",
    "RosterView",
    "RuleChange",
    "RuleFile",
    "RuleFindingView",
    "RuleList",
    "RuleSwitch",
    "RuleText",
    "RuleVersionView",
    "RuleView",
    "SavedSearch",
    "ScoreView",
    "SearchFilters",
    "SearchPlanView",
    "SearchView",
    "SecondAccount",
    "Seen",
    "Session",
    "SetAsideCount",
    "Settings",
    "SettingsPassAt",
    "SettingsTimelyS",
    "SettingsWeight",
    "Setup",
    "Severity",
    "ShareInTime",
    "ShownToken",
    "Side",
    "SmsCostView",
    "SmsDayView",
    "SmsMonthView",
    "SoughtMachine",
    "Source",
    "SourceKind",
    "SpanRequest",
    "SpanReviewView",
    "SpanWork",
    "Stage",
    "StageHistory",
    "StageState",
    "StageView",
    "StandingLookalike",
    "StandingMachine",
    "StatementVerdict",
    "StatementView",
    "StepKind",
    "StorageItemView",
    "StorageKind",
    "StorageRoom",
    "SuspensionView",
    "SyslogReport",
    "TacticView",
    "TaskJobPhase",
    "TaskKind",
    "TaskList",
    "TaskListAtWorkType0",
    "TaskOrderView",
    "TaskState",
    "TaskView",
    "TechnicianStep",
    "TermState",
    "TermsList",
    "TermsView",
    "TestMessage",
    "Theft",
    "Then",
    "TimeBin",
    "TimeBinMachines",
    "TimesView",
    "UserView",
    "Verb",
    "Verdict",
    "VoidReason",
    "WallResults",
    "WallResultsAlarms",
    "WallResultsCases",
    "WallView",
    "WallViewFaults",
    "WeekHour",
    "WeekHourMachines",
    "WeekSpan",
    "WindowEnd",
    "WindowList",
    "WindowPage",
    "WindowView",
    "WorkCalendar",
    "WrongWay",
    "ZoneBin",
    "ZoneCount",
    "ZoneCounts",
    "ZoneEntry",
)
