"""The message ids about works, supervision and models that are put together at run time."""

from server.domain.production import DECISIONS, HOUSEHOLDS, INCOMES, UNITS
from server.domain.production import KINDS as KINDS_OF_MODELS
from server.domain.supervision import CHECKS, SAYINGS, STATES, WORKERS
from server.domain.works import CONDITIONS, KINDS, SOURCES
from server.domain.works import STATES as STATES_OF_WORKS
from server.services.work_tables import FINDING_COLUMNS, MODEL_COLUMNS, WORK_COLUMNS

WORDS = {word for columns in (WORK_COLUMNS, FINDING_COLUMNS, MODEL_COLUMNS) for _, word, _ in columns}
ABOUT = ("project", "works", "works_text", "money", "money_text", "days", "days_text", "made")
SUMS = (
    *("works", "planned", "planned_unknown", "paid", "paid_unknown", "broken", "upkeep_cost", *STATES_OF_WORKS),
    *("visits", "supervised", "findings", "open", "overdue", "answered", "days", "longest"),
    *("models", "ended", *HOUSEHOLDS, "support", "own_share", "repeat", "taken_up"),
)
OF_WORKS = {
    "desk.works.": (*WORDS, "on"),
    "desk.works.about.": (*ABOUT, "synthetic", "synthetic_yes", "synthetic_no"),
    "desk.works.sheet.": ("works", "findings", "models", "sums"),
    "desk.works.sum.": (*SUMS, "visits_at"),
    "desk.works.source.": SOURCES,
    "desk.works.kind.": KINDS,
    "desk.works.state.": STATES_OF_WORKS,
    "desk.works.condition.": (*map(str, CONDITIONS), "none"),
    "desk.works.community.": ("co", "khong"),
    "desk.works.trouble.": ("thoi_tiet", "mat_bang", "von", "vat_lieu", "nhan_cong", "thu_tuc", "khac"),
    "desk.works.check.": CHECKS,
    "desk.works.checked.": ("co", "khong", "khong_ap_dung", "khong_xem"),
    "desk.works.confirmed.": ("co", "chua", "khong_ro"),
    "desk.works.workers.": WORKERS[1:],
    "desk.works.finding.": (*STATES, "waiting", "overdue"),
    "desk.works.said.": SAYINGS,
    "desk.works.payer.": ("ngan_sach", "dan_gop", "bao_hanh", "khac", "khong_ro"),
    "desk.works.mended.": ("roi", "mot_phan", "chua"),
    "desk.works.fault.": ("mat_duong", "sat_lo", "thoat_nuoc", "ket_cau", "mai", "thiet_bi", "khac"),
    "desk.works.model.": KINDS_OF_MODELS,
    "desk.works.phase.": ("start", "mid", "end"),
    "desk.works.households.": HOUSEHOLDS,
    "desk.works.unit.": UNITS,
    "desk.works.income.": INCOMES,
    "desk.works.repeat.": (*DECISIONS, "going_on"),
}
