"""What `thonban doctor` says of each check: how it stands and, where something is wrong, what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from server.sentences import Sentence

DIAGNOSES: Mapping[tuple[str, str], Sentence] = {
    ("home", "ok"): Sentence("Ghi được vào {home}", "{home} can be written to"),
    ("home", "error"): Sentence(
        "Không ghi được vào {home} ({error}): sửa quyền hoặc ổ đĩa.",
        "{home} cannot be written to ({error}): mend its permissions or its disk.",
    ),
    ("space", "ok"): Sentence("Còn trống {free} MB", "{free} MB are free"),
    ("space", "warning"): Sentence(
        "Chỉ còn trống {free} MB; dưới {needed} MB thì không nhận phiếu nữa. Dọn đĩa hoặc chuyển sang đĩa lớn hơn.",
        "Only {free} MB are free; below {needed} MB nothing is taken in. Clear the disk or move to a larger one.",
    ),
    ("space", "error"): Sentence(
        "Đĩa đầy: còn {free} MB, cần {needed} MB. Điện thoại đang bị từ chối (503) và giữ phiếu lại. Dọn đĩa ngay.",
        "The disk is full: {free} MB left, {needed} MB needed. Phones are turned away (503) and keep their sheets. "
        "Clear the disk now.",
    ),
    ("database", "ok"): Sentence("Dữ liệu trả lời, bảng ở bản {head}", "The database answers, tables at {head}"),
    ("database", "error"): Sentence(
        "Dữ liệu không trả lời ({error}): xem THONBAN_DATABASE_URL và máy chủ dữ liệu.",
        "The database does not answer ({error}): look at THONBAN_DATABASE_URL and the database server.",
    ),
    ("migrations", "error"): Sentence(
        "Bảng ở bản {found}, chương trình cần {head}: chạy thonban migrate.",
        "Tables are at {found}, the program needs {head}: run thonban migrate.",
    ),
    ("clock", "ok"): Sentence("Đồng hồ: {now}", "Clock: {now}"),
    ("clock", "error"): Sentence(
        "Đồng hồ máy ({now}) sai: có phiếu nhận sau giờ này. Bật đồng bộ giờ (NTP).",
        "The clock ({now}) is wrong: sheets were received after it. Switch time synchronisation (NTP) on.",
    ),
    ("secret", "ok"): Sentence("Khóa bí mật là khóa ban đầu", "The secret key is the first one"),
    ("secret", "error"): Sentence(
        "Khóa bí mật không phải khóa ban đầu: mã QR cũ không hiện lại được. Đặt khóa cũ vào THONBAN_SECRET_KEY hoặc "
        "secret.key, hoặc cấp khóa mới cho điện thoại.",
        "The secret key is not the first one: existing QR codes cannot be shown. Put the former one into "
        "THONBAN_SECRET_KEY or secret.key, or issue new keys to phones.",
    ),
    ("integrity", "ok"): Sentence("Dữ liệu nguyên vẹn", "The database is intact"),
    ("integrity", "error"): Sentence(
        "Dữ liệu hỏng ({error}): dừng máy chủ, giữ nguyên tệp, khôi phục bản sao mới nhất (thonban restore).",
        "The database is damaged ({error}): stop the server, keep the file as it is, restore the newest copy "
        "(thonban restore).",
    ),
    ("files", "ok"): Sentence("Đủ {count} tệp đính kèm", "All {count} files are there"),
    ("files", "error"): Sentence(
        "Trong {count} tệp: thiếu {missing}, hỏng {damaged} (ví dụ {first}). Lấy lại từ bản sao lưu.",
        "Of {count} files {missing} are missing and {damaged} damaged (such as {first}). Get them from a backup.",
    ),
    ("tallies", "ok"): Sentence("Số đếm phiếu khớp với phiếu đang có", "The tallies agree with the submissions"),
    ("tallies", "warning"): Sentence(
        "{count} số đếm phiếu không khớp; máy tự đếm lại mỗi đêm. Hãy báo lỗi này.",
        "{count} tallies disagree with the submissions; they are counted again every night. Please report it.",
    ),
    ("orphans", "ok"): Sentence("Không có tệp thừa", "No file is left over"),
    ("orphans", "warning"): Sentence(
        "{count} tệp thừa; máy tự dọn mỗi đêm.", "{count} files are left over; they are swept every night."
    ),
    ("jobs", "ok"): Sentence("Không có việc nền nào hỏng", "No background job was given up"),
    ("jobs", "warning"): Sentence(
        "{count} việc nền đã bỏ, mới nhất {kind}: {error}",
        "{count} background jobs were given up, the newest {kind}: {error}",
    ),
    ("worker", "ok"): Sentence("Việc nền chạy kịp", "Background work keeps up"),
    ("worker", "warning"): Sentence(
        "Việc nền chờ đã {minutes} phút: chạy thonban worker (thonban run tự chạy).",
        "Background work has waited for {minutes} minutes: start thonban worker (thonban run starts it).",
    ),
    ("copies", "ok"): Sentence("{count} bản sao hằng đêm", "{count} nightly copies"),
    ("copies", "warning"): Sentence(
        "Không có bản sao hằng đêm mới ({count} bản): xem việc nền và chỗ trống; sao lưu tay: thonban backup TỆP.",
        "No recent nightly copy ({count} in all): look at background work and free space; now: thonban backup FILE.",
    ),
}
