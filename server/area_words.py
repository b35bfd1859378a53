"""What `thonban areas` says: what is wrong with a row and what to do, the counts of a load, and the labels of a
unit."""

from __future__ import annotations

from collections.abc import Mapping

from server.sentences import Sentence

PROBLEMS: Mapping[str, Sentence] = {
    "area.cycle": Sentence(
        "{name} nằm trong chính nó, qua {parent}. Hãy sửa cột parent.",
        "{name} would lie in itself, by way of {parent}. Correct the column parent.",
    ),
    "area.ambiguous": Sentence(
        "Mã {value} là của {count} đơn vị vào ngày ấy. Hãy ghi id thay cho mã.",
        "Code {value} is that of {count} areas on that day. Write the id instead.",
    ),
    "area.unknown_code": Sentence(
        "Không có đơn vị nào mang mã {value}. Hãy nạp đơn vị ấy trước, hoặc xem mã có mất số 0 ở đầu không.",
        "No area bears the code {value}. Load it first, or see whether leading noughts were lost.",
    ),
    "area.unknown_then": Sentence(
        "Mã {value} chưa có vào ngày {day}. Hãy sửa ngày hoặc mã.",
        "Code {value} was not there on {day} yet. Correct the day or the code.",
    ),
    "area.parent_ended": Sentence(
        "{parent} đã chấm dứt ngày {day}. Hãy dùng đơn vị kế tiếp: {successors}.",
        "{parent} ended on {day}. Use what it went into: {successors}.",
    ),
    "area.parent_later": Sentence(
        "{parent} chỉ có từ ngày {day}; {name} không thể nằm trong đó trước ngày ấy. Hãy sửa valid_from.",
        "{parent} is there only since {day}, and {name} cannot lie in it before. Correct valid_from.",
    ),
    "area.period": Sentence(
        "Ngày cuối trước ngày đầu ({since} – {until}). Hãy sửa valid_from hoặc valid_to.",
        "It would end before it begins ({since} – {until}). Correct valid_from or valid_to.",
    ),
    "area.two_at_once": Sentence(
        "{name} đã có ở dòng {other} cho cùng thời gian, với nội dung khác. Giữ một dòng, hoặc ghi ngày khác nhau.",
        "{name} stands in line {other} for the same time, otherwise. Keep one line, or give them different days.",
    ),
    "area.goes_on": Sentence(
        "Đơn vị đã nhập đi ngày {day} nhưng tệp vẫn ghi nó sau ngày đó. Bỏ dòng sau, hoặc ghi phần đi là part.",
        "It went over whole on {day}, but goes on afterwards. Remove the later line, or let only a part go over.",
    ),
    "area.gap": Sentence(
        "{name} trống từ {since} đến {until}. Hãy thêm dòng cho khoảng ấy, hoặc đặt key riêng nếu là đơn vị khác.",
        "{name} is nowhere from {since} to {until}. Add a line for that time, or give it a key if it is another area.",
    ),
    "area.overlap": Sentence(
        "Hai dòng của {name} chồng nhau từ {since} đến {until}. Hãy sửa ngày.",
        "Two lines of {name} overlap from {since} to {until}. Correct the days.",
    ),
    "area.other_end": Sentence(
        "{name} đã được biết là chấm dứt ngày {day}, khác với dòng này. Hãy sửa valid_to.",
        "{name} is known to have ended on {day}, not as this line says. Correct valid_to.",
    ),
    "area.ended_already": Sentence(
        "{name} đã chấm dứt ngày {day}. Hãy ghi valid_from và valid_to, hoặc dùng đơn vị kế tiếp.",
        "{name} ended on {day}. Write valid_from and valid_to, or use what it went into.",
    ),
    "area.change_undated": Sentence(
        "Có from hoặc into thì phải có ngày. Hãy ghi valid_from (cho from) hoặc valid_to (cho into).",
        "What came from or went into another needs its day. Write valid_from (for from) or valid_to (for into).",
    ),
    "area.unassigned": Sentence(
        "{name} ({code}): {parent} đã chia ngày {day} nhưng chưa ai ghi nơi này về đâu. Hãy thêm một dòng với "
        "valid_from {day} và parent là một trong: {successors}.",
        "{name} ({code}): {parent} was split on {day}, and nobody said where this went. Add a line with valid_from "
        "{day} and as parent one of: {successors}.",
    ),
    "area.fact_undated": Sentence("Hãy ghi valid_from hoặc decision_date.", "Write valid_from, or decision_date."),
    "area.columns_unknown": Sentence(
        "Không biết cột: {columns}. Các cột có thể dùng: {known}.", "Unknown columns: {columns}. There are: {known}."
    ),
    "area.columns_missing": Sentence("Thiếu cột: {columns}.", "Columns that must be there: {columns}."),
    "area.too_many_cells": Sentence(
        "Có ô ngoài các cột: {value}. Tên có dấu phẩy phải nằm trong ngoặc kép.",
        "Cells beyond the columns: {value}. A name with a comma must stand in quotes.",
    ),
    "area.blank": Sentence("Cột {column} không được để trống.", "The column {column} must not be empty."),
    "area.too_long": Sentence("Cột {column} dài nhất {most} ký tự.", "{column} has at most {most} characters."),
    "area.not_printable": Sentence(
        "Cột {column} có ký tự điều khiển. Hãy gõ lại.", "{column} holds control characters. Type it again."
    ),
    "area.not_one_of": Sentence(
        "Cột {column}: không nhận {value}. Dùng một trong: {known}.", "{column}: not {value}, but one of: {known}."
    ),
    "area.not_a_word": Sentence(
        "Cột {column}: {value} không phải một từ (chữ thường a–z, số, gạch dưới).",
        "{column}: {value} is not a word of a–z, digits and underscores.",
    ),
    "area.not_a_day": Sentence(
        "Cột {column}: {value} không phải ngày. Viết 2025-07-01 hoặc 01/07/2025.",
        "{column}: {value} is no day. Write 2025-07-01 or 01/07/2025.",
    ),
    "area.not_an_id": Sentence(
        "{value} không phải UUID phiên bản 4 viết thường. Hãy để trống, sản phẩm sẽ tự cấp.",
        "{value} is no UUID of version 4 in lower case. Leave it empty, and one is made.",
    ),
    "area.not_yes_or_no": Sentence(
        "Cột {column}: {value} không phải co hoặc khong.", "{column}: {value} is neither yes nor no."
    ),
    "area.half_a_point": Sentence("Phải có cả lat và lon.", "Write both lat and lon."),
    "area.not_a_number": Sentence(
        "Cột {column}: {value} không phải số từ -{most} đến {most}.",
        "{column}: {value} is no number from -{most} to {most}.",
    ),
    "area.no_match": Sentence(
        "Không có đơn vị nào khớp mã {value} hoặc tên {name} vào ngày {day}. Hãy sửa, hoặc chọn ngày bằng --on.",
        "No area matches code {value} or name {name} on {day}. Correct it, or choose the day with --on.",
    ),
    "area.other_name": Sentence(
        "Mã {value} vào ngày {day} là của {found}, không phải {name}. Hãy sửa mã, hoặc chọn ngày bằng --on.",
        "Code {value} is that of {found} on {day}, not of {name}. Correct it, or choose the day with --on.",
    ),
    "area.matched_twice": Sentence(
        "{name} đã có ở hình {other}. Giữ một hình.", "{name} is feature {other} already. Keep one of them."
    ),
    "area.not_a_boundary": Sentence(
        "{name}: hình không dùng được ({why}). Cần Point, Polygon hoặc MultiPolygon theo WGS 84 (kinh độ, vĩ độ).",
        "{name}: the geometry cannot be used ({why}). Point, Polygon or MultiPolygon in WGS 84 (longitude, latitude).",
    ),
}
"""By the code of a problem; its row is said before it."""

WORDS: Mapping[str, Sentence] = {
    "row": Sentence("Dòng {row}: {told}", "Line {row}: {told}"),
    "feature": Sentence("Hình {row}: {told}", "Feature {row}: {told}"),
    "refused": Sentence(
        "Không nạp gì cả: {count} lỗi. Hãy sửa rồi chạy lại.", "Nothing was loaded: {count} errors. Correct and repeat."
    ),
    "dry": Sentence("Chạy thử, chưa ghi gì:", "Dry run, nothing was written:"),
    "loaded": Sentence("Đã nạp:", "Loaded:"),
    "counts": Sentence(
        "  {new} mới · {changed} thay đổi · {ended} chấm dứt · {unchanged} như cũ · {differs} khác (giữ bản đang có)",
        "  {new} new · {changed} changed · {ended} ended · {unchanged} unchanged · {differs} otherwise here (kept)",
    ),
    "changes": Sentence("  {count} lần nhập, tách, đổi tên, chuyển", "  {count} times merged, split, renamed or moved"),
    "more": Sentence("  … và {count} dòng nữa", "  … and {count} more"),
    "told": Sentence("Cần biết ({count}):", "To be known ({count}):"),
    "new": Sentence("mới", "new"),
    "changed": Sentence("thay đổi", "changed"),
    "ended": Sentence("chấm dứt", "ended"),
    "differs": Sentence("khác", "otherwise"),
    "unreadable": Sentence("Không đọc được {file}: {error}", "{file} cannot be read: {error}"),
    "what": Sentence(
        "Hãy cho một tệp .csv hoặc .xlsx, hoặc --vietnam.", "Name a .csv or .xlsx file, or say --vietnam."
    ),
    "boundaries": Sentence(
        "{boundaries} ranh giới, {points} điểm; {before} đỉnh còn {after} (giản lược {metres} m)",
        "{boundaries} boundaries, {points} points; {before} corners, {after} kept (simplified by {metres} m)",
    ),
    "template": Sentence("Đã ghi mẫu: {file}", "The template was written: {file}"),
    "reach.good": Sentence(
        "Bảng quan hệ trên dưới khớp với {count} đơn vị.", "What lies in what agrees with the {count} areas."
    ),
    "reach.mended": Sentence(
        "Bảng quan hệ trên dưới sai ở {count} chỗ; đã tính lại.",
        "What lies in what: {count} places wrong, redone.",
    ),
    "reach.bad": Sentence(
        "Bảng quan hệ trên dưới sai ở {count} chỗ. Hãy chạy: thonban areas reach --rebuild",
        "What lies in what is wrong in {count} places. Run: thonban areas reach --rebuild",
    ),
}

LABELS: Mapping[str, Sentence] = {
    "on": Sentence("Tính đến ngày", "As of"),
    "not_in_being": Sentence("Không tồn tại vào ngày này", "Not in being on this day"),
    "code": Sentence("Mã", "Code"),
    "kind": Sentence("Loại", "Kind"),
    "above": Sentence("Thuộc", "Lies in"),
    "below": Sentence("Gồm", "Holds"),
    "time": Sentence("Thời gian", "Time"),
    "flags": Sentence("Đặc điểm", "Flags"),
    "source": Sentence("Nguồn", "Source"),
    "status": Sentence("Mức tin cậy", "How well known"),
    "came": Sentence("Hình thành từ", "Came from"),
    "went": Sentence("Đã đi vào", "Went into"),
    "own": Sentence("Đổi tên, chuyển", "Renamed, moved"),
    "versions": Sentence("Các thời kỳ", "Through time"),
    "facts": Sentence("Phân loại, công nhận", "Classifications"),
    "shapes": Sentence("Vị trí", "Where it lies"),
    "elsewhere": Sentence("Mã này cũng là của", "The code is also that of"),
    "whole": Sentence("toàn bộ", "whole"),
    "part_main": Sentence("phần chính", "the main part"),
    "part": Sentence("một phần", "a part"),
    "merged": Sentence("nhập", "merged"),
    "split": Sentence("tách", "split"),
    "renamed": Sentence("đổi tên", "renamed"),
    "moved": Sentence("chuyển", "moved"),
    "unknown": Sentence("không rõ", "not known"),
    "yes": Sentence("có", "yes"),
    "no": Sentence("không", "no"),
    "none": Sentence("không có", "none"),
    "no_decision": Sentence("không có số quyết định", "no decision number"),
}
