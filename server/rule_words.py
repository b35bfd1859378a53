"""What `thonban rules` says of what was done. What can be wrong with a file stands in the catalogue of errors."""

from __future__ import annotations

from collections.abc import Mapping

from server.sentences import Sentence

WORDS: Mapping[str, Sentence] = {
    "good": Sentence(
        "{file}: dùng được ({id}, {clauses} khoản, {examples} đơn vị mẫu).",
        "{file}: can be used ({id}, {clauses} clauses, {examples} worked units).",
    ),
    "bad": Sentence("{file}: {count} chỗ phải sửa.", "{file}: {count} places have to be mended."),
    "loaded": Sentence(
        "Đã nạp {id} ({sha256}). Các thôn liên quan được tính lại trong nền.",
        "Loaded {id} ({sha256}). The villages concerned are judged again in the background.",
    ),
    "confirmed": Sentence(
        "{name} đã xác nhận khoản {clause} của {rule_set} ({count}/{needed} người).",
        "{name} has confirmed clause {clause} of {rule_set} ({count} of {needed} persons).",
    ),
    "verified": Sentence(
        "Khoản {clause} nay là đã đối chiếu; trước là {before}.",
        "Clause {clause} is verified now; it was {before} before.",
    ),
    "not_loaded": Sentence(
        "  chưa nạp ngưỡng: chưa ai đọc được văn bản; nạp bằng `thonban rules load`",
        "  thresholds not loaded: nobody has read the text; load them with `thonban rules load`",
    ),
    "no_text": Sentence("Không mở được {file}: {error}", "{file} cannot be opened: {error}"),
    "who": Sentence(
        "Người xác nhận phải tự nhập mật khẩu của mình ({email}):",
        "Whoever confirms enters their own password ({email}):",
    ),
    "no_rule_set": Sentence(
        "Không có bộ quy tắc {id}. Xem: thonban rules list", "There is no rule set {id}. See: thonban rules list"
    ),
    "bad_lines": Sentence(
        "{count} dòng không đọc được; xem thành phần error của các dòng ấy.",
        "{count} lines could not be read; see the member error of these lines.",
    ),
    "no_database": Sentence(
        "Chưa có cơ sở dữ liệu ở đây, hoặc chưa ở phiên bản này. Chạy: thonban migrate",
        "There is no database here, or it is not of this version. Run: thonban migrate",
    ),
    "shipped": Sentence(
        "Chưa có cơ sở dữ liệu ở đây: chỉ dùng các bộ quy tắc đi kèm phần mềm.",
        "There is no database here: only the rule sets that come with the product are used.",
    ),
}
