"""What `thonban forms rehearse` says, Vietnamese first, English second; filled with str.format."""

from __future__ import annotations

from collections.abc import Mapping

from server.sentences import Sentence

WEIGHTS: Mapping[str, Sentence] = {
    "loses answers": Sentence("LÀM MẤT SỐ LIỆU", "loses answers"),
    "changes meaning": Sentence("ĐỔI Ý NGHĨA", "changes meaning"),
    "harmless": Sentence("KHÔNG ẢNH HƯỞNG", "harmless"),
}

CHANGES: Mapping[str, Sentence] = {
    "title": Sentence("tên phiếu khác", "another title"),
    "language-added": Sentence("thêm ngôn ngữ {language}", "language {language} added"),
    "language-removed": Sentence("bỏ ngôn ngữ {language}", "language {language} removed"),
    "entity": Sentence("đối tượng được tạo khác đi", "other entities are made"),
    "added": Sentence("câu mới", "new"),
    "removed": Sentence("bỏ hẳn", "removed"),
    "renamed": Sentence("đổi mã", "renamed"),
    "moved": Sentence("chuyển chỗ", "moved"),
    "order": Sentence("đổi thứ tự bên trong", "another order inside"),
    "type": Sentence("đổi kiểu {before} → {after}", "type {before} → {after}"),
    "control": Sentence("hỏi cách khác", "asked in another way"),
    "repeat-to-group": Sentence("không còn lặp lại", "repeats no longer"),
    "group-to-repeat": Sentence("nay lặp lại", "repeats now"),
    "choice-added": Sentence("thêm lựa chọn {choice}", "choice {choice} added"),
    "choice-removed": Sentence("bỏ lựa chọn {choice}", "choice {choice} removed"),
    "choice-renamed": Sentence("lựa chọn {choice} đổi mã thành {after}", "choice {choice} is now called {after}"),
    "choice-label": Sentence("lựa chọn {choice} viết khác", "choice {choice} says something else"),
    "choice-columns": Sentence("cột khác của lựa chọn {choice}", "other columns of choice {choice}"),
    "choice-file": Sentence("lấy danh sách chọn từ tệp khác", "choices from another file"),
    "choice-filter": Sentence("lọc lựa chọn khác đi", "choices are filtered otherwise"),
    "required": Sentence("đổi quy định bắt buộc", "required otherwise"),
    "constraint": Sentence("đổi điều kiện kiểm tra", "another constraint"),
    "relevance": Sentence("đổi điều kiện được hỏi", "asked in other cases"),
    "calculation": Sentence("đổi cách tính", "worked out otherwise"),
    "set-value": Sentence("đổi giá trị tự điền", "filled in otherwise"),
    "repeat-count": Sentence("đổi số lần lặp", "another number of rows"),
    "range": Sentence("đổi khoảng giá trị", "another range"),
    "label": Sentence("đổi lời câu hỏi", "the question says something else"),
    "hint": Sentence("đổi lời gợi ý", "another hint"),
    "message": Sentence("đổi lời báo", "another message"),
    "appearance": Sentence("đổi cách hiện", "shown in another way"),
    "readonly": Sentence("đổi quyền sửa trên máy", "read-only otherwise"),
    "default": Sentence("đổi giá trị ban đầu", "another default"),
}

TYPES: Mapping[str, Sentence] = {
    "string": Sentence("chữ", "text"),
    "int": Sentence("số nguyên", "whole number"),
    "decimal": Sentence("số thập phân", "decimal number"),
    "boolean": Sentence("đúng/sai", "true or false"),
    "date": Sentence("ngày", "date"),
    "dateTime": Sentence("ngày giờ", "date and time"),
    "time": Sentence("giờ", "time of day"),
    "select1": Sentence("chọn một", "one choice"),
    "select": Sentence("chọn nhiều", "several choices"),
    "rank": Sentence("xếp thứ tự", "ranking"),
    "geopoint": Sentence("tọa độ", "position"),
    "geotrace": Sentence("đường đi", "line"),
    "geoshape": Sentence("vùng", "area"),
    "barcode": Sentence("mã vạch", "barcode"),
    "binary": Sentence("tệp", "file"),
    "image/*": Sentence("ảnh", "image"),
    "audio/*": Sentence("ghi âm", "audio"),
    "video/*": Sentence("video", "video"),
    "group": Sentence("nhóm", "group"),
    "repeat": Sentence("nhóm lặp", "repeat"),
}

FINDINGS: Mapping[str, Sentence] = {
    "type": Sentence("không đọc được theo kiểu mới", "cannot be read as its new type"),
    "required": Sentence("nay bắt buộc mà chưa trả lời", "required now, and empty"),
    "constraint": Sentence("trái điều kiện kiểm tra mới", "breaks the new constraint"),
    "choice": Sentence("không còn trong danh sách chọn", "no longer a choice"),
    "range": Sentence("ngoài khoảng giá trị mới", "outside the new range"),
    "relevance": Sentence("nay không được hỏi, nên bị bỏ khỏi số liệu", "no longer asked, so left out of the data"),
    "calculation": Sentence("tính lại ra giá trị khác", "worked out again it differs"),
    "repeat-count": Sentence("số lần lặp không khớp", "another number of rows than counted"),
    "missing-node": Sentence("phiếu cũ chưa có câu này", "not in these sheets"),
    "unknown-node": Sentence("bản mới không biết câu này", "unknown to the new version"),
    "duplicate": Sentence("có hai lần mà bản mới chỉ nhận một", "sent twice where one is taken"),
    "entity": Sentence("đối tượng không tạo được", "an entity that cannot be made"),
    "not-evaluated": Sentence("chưa kiểm tra được một quy định", "a rule could not be evaluated"),
    "not-evaluable": Sentence("phiếu mã hóa, không kiểm tra được", "encrypted, cannot be judged"),
    "unreadable": Sentence("cả phiếu không đọc được theo bản mới", "the whole sheet cannot be read"),
}

SAID: Mapping[str, Sentence] = {
    "file": Sentence("Không mở được tệp {file}: {error}", "Cannot read {file}: {error}"),
    "kind": Sentence(
        "Không biết loại tệp {file}. Dùng: {allowed}.", "What kind of file is {file}? One of {allowed} is needed."
    ),
    "home": Sentence(
        "{home} không phải thư mục dữ liệu đã dùng (hoặc chưa chạy `thonban migrate`).",
        "{home} is no data folder in use (or `thonban migrate` has not been run).",
    ),
    "limit": Sentence("--limit là số nguyên từ 1.", "--limit is a whole number from 1."),
    "no_form": Sentence(
        "Dự án {project} không có biểu mẫu {form}. Đang có: {known}.",
        "Project {project} has no form {form}. There are: {known}.",
    ),
    "unpublished": Sentence(
        "Biểu mẫu {form} chưa phát hành bản nào: chưa có gì để mất.",
        "Form {form} has never been published: there is nothing to lose.",
    ),
    "other_id": Sentence(
        "Tệp là biểu mẫu {value}, không phải {wanted}.", "The file holds the form {value}, not {wanted}."
    ),
    "beside": Sentence("Dùng tệp kèm nằm cạnh: {files}", "Files beside it that are used: {files}"),
    "progress": Sentence("đã xem {done}/{total} phiếu", "{done}/{total} sheets looked at"),
    "head": Sentence(
        "{form}: bản đang dùng {old} → bản mới {new}. Xem {looked} trên {total} phiếu đã nhận.",
        "{form}: published {old} → new {new}. {looked} of {total} sheets that were sent are looked at.",
    ),
    "same_version": Sentence(
        "Chú ý: bản mới còn mang số phiên bản {version} như bản đang dùng; phải đổi trước khi phát hành.",
        "Note: the new version is still called {version} like the published one; change that before publishing.",
    ),
    "changes": Sentence("THAY ĐỔI GIỮA HAI BẢN", "what is different"),
    "none": Sentence("Không có thay đổi nào.", "Nothing is different."),
    "guess": Sentence("đoán, giống {percent}%", "a guess, {percent}% alike"),
    "readable": Sentence("giá trị cũ vẫn đọc được", "old values can still be read"),
    "not_readable": Sentence("giá trị cũ có thể không đọc được", "old values may not be readable"),
    "holds": Sentence("{fields} câu ở trong", "{fields} fields inside"),
    "lost": Sentence("CÂU TRẢ LỜI MẤT CHỖ", "answers without a place"),
    "lost_sum": Sentence("{answers} câu trả lời của {submissions} phiếu", "{answers} answers of {submissions} sheets"),
    "error": Sentence("LỖI MỚI", "new errors"),
    "warning": Sentence("LƯU Ý MỚI", "new warnings"),
    "info": Sentence("ĐỂ BIẾT", "for information"),
    "errors_sum": Sentence("{submissions} phiếu", "{submissions} sheets"),
    "count": Sentence("{count} lần, {submissions} phiếu", "{count} times, {submissions} sheets"),
    "count_once": Sentence("{submissions} phiếu", "{submissions} sheets"),
    "example": Sentence("ví dụ", "e.g."),
    "more": Sentence("… và {count} dòng nữa (xem đủ bằng --json)", "… and {count} more (--json shows all)"),
    "unjudged": Sentence(
        "{count} phiếu mã hóa hoặc không đọc được: chưa xem xét.",
        "{count} sheets are encrypted or unreadable: not looked into.",
    ),
    "kept": Sentence(
        "KẾT LUẬN: không câu trả lời nào mất chỗ hoặc không đọc được.",
        "CONCLUSION: no answer loses its place or becomes unreadable.",
    ),
    "kept_errors": Sentence(
        "Nhưng {submissions} phiếu sẽ có lỗi theo quy định mới.", "Yet {submissions} sheets would break new rules."
    ),
    "not_kept": Sentence(
        "KẾT LUẬN: nếu phát hành bản này, {lost} câu trả lời mất chỗ, {unreadable} giá trị không đọc được theo kiểu "
        "mới, {no_choice} câu trả lời không còn trong danh sách chọn.",
        "CONCLUSION: with this version {lost} answers have no place, {unreadable} values cannot be read as their new "
        "type, {no_choice} answers are no longer choices.",
    ),
    "advice": Sentence(
        "Phiếu đã gửi vẫn giữ nguyên văn trên máy chủ; nhưng bảng số liệu theo bản mới sẽ không có các câu đó. Muốn "
        "giữ: để nguyên mã câu, kiểu và mã lựa chọn cũ; câu mới thì đặt mã mới.",
        "What was sent is kept as it was sent; but tables by the new version will not show these answers. To keep "
        "them: leave names, types and choices as they were, and give new questions new names.",
    ),
    "part": Sentence(
        "Chỉ xem {looked} phiếu mới nhất trên {total}: bỏ --limit để xem hết.",
        "Only the newest {looked} of {total} were looked at: leave --limit out to see all.",
    ),
}
