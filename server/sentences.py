"""What the command says to people, Vietnamese first, English second; filled with str.format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Sentence:
    """One sentence in both languages."""

    vi: str
    en: str

    def filled(self, params: Mapping[str, object]) -> Sentence:
        """With the params in place."""
        return Sentence(self.vi.format(**params), self.en.format(**params))


SENTENCES: Mapping[str, Sentence] = {
    "run.address": Sentence("Máy chủ đang chạy tại {address}", "The server runs at {address}"),
    "phones.phones": Sentence("Máy", "Phones"),
    "phones.made": Sentence("Phiếu đã điền", "Sheets filled in"),
    "phones.sent": Sentence("Máy coi là đã gửi", "Counted as sent by the phones"),
    "phones.whole": Sentence("Có đủ trên máy chủ", "Stored whole"),
    "phones.lost": Sentence("Mất hoặc thiếu", "Lost or incomplete"),
    "phones.twice": Sentence("Bị ghi hai lần", "Stored twice"),
    "phones.refused": Sentence("Bị từ chối", "Refused"),
    "phones.unsent": Sentence("Còn trên máy", "Still on the phones"),
    "phones.failures": Sentence("Lần gửi hỏng", "Attempts that failed"),
    "phones.cut": Sentence("Kết nối bị ngắt", "Connections cut"),
    "phones.good": Sentence(
        "Mọi phiếu mà máy coi là đã gửi đều có đủ trên máy chủ, không phiếu nào bị ghi hai lần.",
        "Every sheet that a phone counts as sent is stored whole, none twice.",
    ),
    "phones.bad": Sentence(
        "Máy chủ đã mất, ghi trùng hoặc từ chối phiếu: xem bảng trên.",
        "The server lost, doubled or refused something, or nothing was sent: see the table.",
    ),
    "phones.not_demo": Sentence(
        "{home} không phải dữ liệu mẫu. Lệnh này gửi phiếu bịa ra, chỉ dùng cho dữ liệu mẫu.",
        "{home} is no demo home. This command sends invented sheets, so it is for demo homes only.",
    ),
    "phones.no_form": Sentence("Không có biểu mẫu đã phát hành: {forms}.", "No such published form: {forms}."),
    "run.home": Sentence("Thư mục dữ liệu: {home}", "Data folder: {home}"),
    "run.admin": Sentence("Đăng nhập: {email}", "Sign in as: {email}"),
    "run.password": Sentence(
        "Mật khẩu (chỉ hiện một lần này, hãy ghi lại): {password}",
        "Password (shown this once, write it down): {password}",
    ),
    "run.password_kept": Sentence(
        "Mật khẩu như lần đầu; quên thì chạy: thonban people reset {email}",
        "Password as on the first start; if it is lost: thonban people reset {email}",
    ),
    "run.demo": Sentence(
        "Đây là bản trình bày: số liệu hộ là DỮ LIỆU MẪU, không có thật. Bản này không thể thành bản thật.",
        "This is a demonstration: household numbers are SYNTHETIC. This home can never become a real one.",
    ),
    "run.loading": Sentence(
        "Đang nạp dữ liệu mẫu ({total} phiếu); xem tiến độ ở {address}/healthz",
        "Loading the demonstration ({total} sheets); progress at {address}/healthz",
    ),
    "run.loaded": Sentence("Đã nạp xong dữ liệu mẫu ({sent} phiếu).", "The demonstration is loaded ({sent} sheets)."),
    "run.phone": Sentence("Địa chỉ cho điện thoại của {name}:", "Address for the phone of {name}:"),
    "run.scan": Sentence(
        "Mở ODK Collect, quét mã này để cài đặt cho {name}:", "Open ODK Collect and scan this to set it up for {name}:"
    ),
    "run.loopback": Sentence(
        "Điện thoại chưa tới được địa chỉ này. Cho điện thoại cùng mạng: thonban run --host 0.0.0.0; hoặc đặt "
        "THONBAN_BASE_URL; hoặc dùng --tls-cert và --tls-key.",
        "Phones cannot reach this address. For phones on the same network: thonban run --host 0.0.0.0; or set "
        "THONBAN_BASE_URL; or use --tls-cert and --tls-key.",
    ),
    "run.plain": Sentence(
        "Chú ý: không có TLS, mật khẩu và số liệu đi qua mạng không được mã hóa. Chỉ dùng trong mạng tin cậy.",
        "Note: without TLS, passwords and data cross the network in the clear. Only for a network you trust.",
    ),
    "run.secret_changed": Sentence(
        "Khóa bí mật khác lần đầu: mã QR của điện thoại không hiện lại được. Đặt lại khóa cũ vào THONBAN_SECRET_KEY.",
        "The secret key is not that of the first start: phones' QR codes cannot be shown again. Set THONBAN_SECRET_KEY "
        "back to the former one.",
    ),
    "run.fallen": Sentence(
        "{name} đã dừng (mã {code}); dừng tất cả.", "{name} ended (code {code}); ending everything."
    ),
    "run.again": Sentence("{name} đã dừng (mã {code}); chạy lại.", "{name} ended (code {code}); starting it again."),
    "run.given_up": Sentence(
        "{name} dừng nhiều lần (mã {code}); để yên. Chạy lại: thonban demo",
        "{name} ended several times (code {code}); left alone. To try again: thonban demo",
    ),
    "run.busy": Sentence(
        "Thư mục dữ liệu {home} đang được một máy chủ khác dùng.", "Another server is using the data folder {home}."
    ),
    "run.port": Sentence(
        "Không nghe được ở {host}:{port} ({error}). Đổi cổng: --port hoặc PORT.",
        "Cannot listen on {host}:{port} ({error}). Choose another with --port or PORT.",
    ),
    "run.not_started": Sentence("Máy chủ không khởi động được.", "The server did not start."),
    "run.certificate": Sentence(
        "--tls-cert và --tls-key phải đi cùng nhau và là tệp đọc được.",
        "--tls-cert and --tls-key go together and must be readable files.",
    ),
    "home.demo_stays_demo": Sentence(
        "{home} là bản trình bày với dữ liệu mẫu, không thể thành bản thật. Chọn thư mục khác: --home.",
        "{home} is a demonstration with synthetic data and cannot become real. Choose another folder with --home.",
    ),
    "home.real_stays_real": Sentence(
        "{home} có dữ liệu thật, không nạp dữ liệu mẫu vào. Chọn thư mục khác: --home.",
        "{home} holds real data; the demonstration is not loaded into it. Choose another folder with --home.",
    ),
    "home.not_demo": Sentence("{home} không phải bản trình bày.", "{home} is not a demonstration."),
    "demo.failed": Sentence("Dữ liệu mẫu chưa nạp xong: {error}", "The demonstration is not loaded: {error}"),
    "migrate.done": Sentence("Bảng dữ liệu: {before} → {after}", "Tables: {before} → {after}"),
    "backup.done": Sentence(
        "Đã sao lưu vào {file}: {blobs} tệp, {bytes} byte.", "Backed up to {file}: {blobs} files, {bytes} bytes."
    ),
    "backup.missing": Sentence(
        "THIẾU {count} tệp mà dữ liệu nhắc tới; chạy: thonban doctor",
        "MISSING {count} files that the data names; run: thonban doctor",
    ),
    "backup.no_secret": Sentence(
        "Khóa bí mật đặt từ ngoài (THONBAN_SECRET_KEY) nên không nằm trong bản sao; hãy giữ riêng.",
        "The secret key comes from outside (THONBAN_SECRET_KEY) and is not in the copy; keep it as well.",
    ),
    "backup.failed": Sentence("Không sao lưu được: {error}", "No backup was made: {error}"),
    "restore.done": Sentence(
        "Đã khôi phục vào {home} bản sao ngày {made_at}: {blobs} tệp.",
        "Restored to {home} the copy of {made_at}: {blobs} files.",
    ),
    "restore.failed": Sentence("Không khôi phục được: {error}", "Nothing was restored: {error}"),
    "restore.home_not_empty": Sentence(
        "{home} không trống. Khôi phục vào thư mục mới hoặc trống.",
        "{home} is not empty. Restore into a new or empty folder.",
    ),
    "restore.not_a_backup": Sentence(
        "Tệp này không phải bản sao của thonban ({error}).", "This is no backup of thonban ({error})."
    ),
    "restore.newer_format": Sentence(
        "Bản sao của một thonban mới hơn (dạng {format}, ở đây biết đến {known}). Hãy cài bản mới.",
        "A backup of a newer thonban (format {format}, known here {known}). Install the newer one.",
    ),
    "restore.damaged": Sentence(
        "Bản sao bị hỏng ở {name}; không có gì được ghi. Dùng bản sao khác.",
        "The backup is damaged at {name}; nothing was written. Use another copy.",
    ),
    "snapshot.program_missing": Sentence(
        "Cần chương trình {program} của PostgreSQL trong PATH (Debian: apt-get install postgresql-client).",
        "The PostgreSQL program {program} is needed in PATH (Debian: apt-get install postgresql-client).",
    ),
    "snapshot.program_failed": Sentence("{program}: {error}", "{program}: {error}"),
    "snapshot.database_unreadable": Sentence("Không đọc được dữ liệu: {error}", "The database cannot be read: {error}"),
    "snapshot.database_not_empty": Sentence(
        "Cơ sở dữ liệu đích không trống.", "The database to restore into is not empty."
    ),
    "snapshot.other_database": Sentence(
        "Bản sao chứa {found}, ở đây cần {wanted}: SQLite và PostgreSQL không khôi phục lẫn nhau.",
        "The backup holds {found}, needed here is {wanted}: SQLite and PostgreSQL do not restore into each other.",
    ),
    "people.added": Sentence("Đã thêm {email}.", "Added {email}."),
    "people.reset": Sentence(
        "Đã đổi mật khẩu của {email}; các lần đăng nhập cũ đã hết hiệu lực.",
        "The password of {email} is changed; earlier sign-ins have ended.",
    ),
    "people.password": Sentence(
        "Mật khẩu (chỉ hiện một lần này): {password}", "Password (shown this once): {password}"
    ),
    "people.granted": Sentence("Đã giao vai trò {role} cho {who}.", "Granted {role} to {who}."),
    "people.revoked": Sentence("Đã thu lại vai trò {role} của {who}.", "Took {role} from {who}."),
    "failed": Sentence("Không làm được: {error}", "Not done: {error}"),
    "worker.extra": Sentence(
        "THONBAN_BROKER_URL cần phần cài thêm: pip install 'thonban[country]'",
        "THONBAN_BROKER_URL needs the extra: pip install 'thonban[country]'",
    ),
    "forms.jobs_unreadable": Sentence(
        "Không đọc được tệp công việc {file}: {error}",
        "The file of jobs {file} cannot be read: {error}",
    ),
    "check.unreadable": Sentence("Không đọc được tệp {file}: {error}", "The file {file} cannot be read: {error}"),
    "check.kind": Sentence(
        "{file}: chỉ kiểm tra được tệp .xlsx, .xls, .csv, .md và .xml.",
        "{file}: only .xlsx, .xls, .csv, .md and .xml files can be checked.",
    ),
    "check.found": Sentence(
        "{file}: {error} lỗi, {warning} cảnh báo, {advice} góp ý.",
        "{file}: {error} errors, {warning} warnings, {advice} pieces of advice.",
    ),
    "audit.sealed": Sentence(
        "Đã niêm phong {lines} dòng nhật ký trong {seals} lô.", "{lines} lines of the audit sealed in {seals} batches."
    ),
    "audit.altered": Sentence(
        "Dòng {line_id} (lô {seal_id}) đã bị sửa sau khi niêm phong.",
        "Line {line_id} (seal {seal_id}) was altered after it was sealed.",
    ),
    "audit.missing": Sentence(
        "Dòng {line_id} (lô {seal_id}) đã niêm phong nhưng không còn.",
        "Line {line_id} (seal {seal_id}) was sealed and is gone.",
    ),
    "audit.added": Sentence(
        "Dòng {line_id} (lô {seal_id}) được thêm vào sau khi niêm phong.",
        "Line {line_id} (seal {seal_id}) was added after the sealing.",
    ),
    "audit.seal": Sentence(
        "Niêm phong {seal_id} không còn như khi được lập.", "Seal {seal_id} is not what it was when it was made."
    ),
    "audit.broken": Sentence(
        "Chuỗi đứt trước niêm phong {seal_id}: không nối tiếp {sha256}.",
        "The chain is broken before seal {seal_id}: it does not follow {sha256}.",
    ),
    "audit.cut": Sentence(
        "Niêm phong {seal_id} ({sha256}) từng được ghi lại nhưng không có trong chuỗi: phần cuối bị cắt hoặc chuỗi bị "
        "lập lại.",
        "Seal {seal_id} ({sha256}) was noted and is not in the chain: its end was cut off, or it was made anew.",
    ),
    "audit.good": Sentence(
        "Nguyên vẹn: {lines} dòng dưới {seals} niêm phong, đầu chuỗi {head}; {unsealed} dòng chưa niêm phong.",
        "Whole: {lines} lines under {seals} seals, head {head}; {unsealed} lines not sealed yet.",
    ),
    "audit.bad": Sentence(
        "KHÔNG nguyên vẹn: {faults} chỗ sai; {lines} dòng dưới {seals} niêm phong, đầu chuỗi {head}; {unsealed} dòng "
        "chưa niêm phong.",
        "NOT whole: {faults} faults; {lines} lines under {seals} seals, head {head}; {unsealed} lines not sealed yet.",
    ),
    "check.clean": Sentence("{file}: không có gì phải sửa.", "{file}: nothing to mend."),
}
