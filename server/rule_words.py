"""What `thonban rules` says: what is wrong with a rule set's file and what may stand there, and what was done."""

from __future__ import annotations

from collections.abc import Mapping

from server.sentences import Sentence

COMPLAINTS: Mapping[str, Sentence] = {
    "ruleset.not_readable": Sentence("Không đọc được tệp: {remedy}", "The file cannot be read: {remedy}"),
    "ruleset.not_yaml": Sentence("Không phải YAML dùng được: {remedy}", "This is no YAML that can be used: {remedy}"),
    "ruleset.other_file_name": Sentence("Tệp phải mang tên {remedy}.", "The file must be named {remedy}."),
    "ruleset.too_long": Sentence("Tệp dài quá {remedy} chữ.", "The file is longer than {remedy} letters."),
    "ruleset.bad_id": Sentence(
        "Mã chỉ gồm chữ thường, số và gạch dưới, nhiều nhất 50 chữ: {remedy}",
        "An id has small letters, digits and underscores, at most 50: {remedy}",
    ),
    "ruleset.wrong_type": Sentence("Giá trị không đúng dạng. Hãy viết: {remedy}", "Not of this kind. Write: {remedy}"),
    "ruleset.unknown_key": Sentence(
        "Không biết khóa này ở đây. Có thể viết: {remedy}", "No such key here. Known: {remedy}"
    ),
    "ruleset.missing_key": Sentence("Thiếu khóa này. Hãy thêm: {remedy}", "This key is missing. Add: {remedy}"),
    "ruleset.not_allowed": Sentence(
        "Giá trị này không dùng được. Chọn: {remedy}", "Not one of those allowed: {remedy}"
    ),
    "ruleset.unknown_fact": Sentence(
        "Không có dữ kiện này trong facts. Đã có: {remedy}", "No such fact. Declared: {remedy}"
    ),
    "ruleset.unknown_switch": Sentence("Không có lựa chọn này. Đã có: {remedy}", "No such switch. Declared: {remedy}"),
    "ruleset.unknown_clause": Sentence("Không có khoản này. Đã có: {remedy}", "No such clause. There are: {remedy}"),
    "ruleset.clause_stands_twice": Sentence("Mã {remedy} dùng hai lần.", "The id {remedy} stands twice."),
    "ruleset.one_test": Sentence("Phải có đúng một trong: {remedy}", "Exactly one of these must stand here: {remedy}"),
    "ruleset.one_comparison": Sentence("Phải có đúng một phép so sánh: {remedy}", "Exactly one comparison: {remedy}"),
    "ruleset.rest_stands_last": Sentence(
        "Loại cuối cùng, và chỉ loại ấy, là phần còn lại: {remedy}",
        "The last class, and only it, is the rest: {remedy}",
    ),
    "ruleset.ends_before_it_begins": Sentence(
        "Ngày hết hiệu lực trước ngày có hiệu lực. Phải {remedy}", "It ends before it begins. It must be {remedy}"
    ),
    "ruleset.example_differs": Sentence(
        "Thôn mẫu ra kết quả khác với điều tệp ghi: {remedy}. Sửa quy tắc, hoặc sửa thôn mẫu.",
        "A worked unit comes out otherwise than the file says: {remedy}. Mend the rule, or the unit.",
    ),
}
"""By the code of a RuleSetError; filled with `file`, `key`, `remedy`."""

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
    "shipped": Sentence(
        "Chưa có cơ sở dữ liệu ở đây: chỉ dùng các bộ quy tắc đi kèm phần mềm.",
        "There is no database here: only the rule sets that come with the product are used.",
    ),
}
