// What the app says, in the words of a village: Vietnamese first, English beside it. Every key stands in both.
import { reactive } from "vue";

export const language = reactive({ now: "vi" });

export const WORDS = {
  "app.name": ["Thôn bản", "Thôn bản"],
  "home.unsent": ["phiếu chưa gửi", "sheets not sent yet"],
  "home.none_unsent": ["Không còn phiếu nào chưa gửi.", "Nothing is waiting to be sent."],
  "home.send_now": ["Gửi ngay", "Send now"],
  "home.sending": ["Đang gửi…", "Sending…"],
  "home.returned": ["Phiếu bị trả lại", "Sheets that came back"],
  "home.drafts": ["Đang làm dở", "Begun"],
  "home.forms": ["Làm phiếu mới", "Begin a new sheet"],
  "home.no_forms": ["Chưa có phiếu nào trong máy. Cần có mạng một lần để tải về.", "No forms are here yet. A line is needed once to fetch them."],
  "home.deadline": ["Hạn nộp {day}", "Due {day}"],
  "home.overdue": ["Quá hạn từ {day}", "Overdue since {day}"],
  "home.progress": ["{done}/{of} câu", "{done} of {of} questions"],
  "home.saved_at": ["Lưu lúc {time}", "Saved at {time}"],
  "home.refresh": ["Tải phiếu mới nhất", "Fetch the newest"],
  "home.refreshing": ["Đang tải {done}/{of}…", "Fetching {done} of {of}…"],
  "home.heard": ["Tải lần cuối: {time}", "Last fetched: {time}"],
  "home.sent": ["Phiếu đã gửi", "What was sent"],
  "home.more": ["Thêm", "More"],
  "home.offline": ["Không có mạng. Vẫn làm phiếu được, máy giữ hết.", "No line. You can go on, everything is kept."],
  "home.training_on": ["Đang tập: phiếu làm bây giờ không gửi đi đâu.", "Practice: what you fill now is sent nowhere."],
  "home.cannot_show": ["Máy này không mở được phiếu này. Báo cán bộ xã, hoặc dùng ODK Collect.", "This app cannot show this form. Tell the commune, or use ODK Collect."],
  "home.missing_file": ["Thiếu tệp trên máy chủ: {name}", "The server lacks a file: {name}"],
  "home.delete_draft": ["Xóa phiếu dở", "Delete this draft"],
  "home.delete_sure": ["Xóa phiếu đang làm dở này? Xóa rồi không lấy lại được.", "Delete this draft? It cannot be brought back."],
  "home.keep": ["Giữ lại", "Keep it"],
  "home.old_version": ["mẫu cũ", "earlier version"],
  "home.training_mark": ["tập", "practice"],
  "enter.title": ["Vào bằng thẻ", "Enter by your card"],
  "enter.lede": ["Đưa máy ảnh vào ô vuông trên thẻ của bác. Thẻ do xã phát, cũng là thẻ dùng cho ODK Collect.", "Hold the camera over the square on your card. It is the card from the commune, the same as for ODK Collect."],
  "enter.camera": ["Mở máy ảnh", "Open the camera"],
  "enter.stop": ["Tắt máy ảnh", "Close the camera"],
  "enter.picture": ["Chọn ảnh chụp thẻ", "Choose a picture of the card"],
  "enter.paste": ["Hoặc dán đường dẫn trên thẻ", "Or paste the link on the card"],
  "enter.go": ["Vào", "Enter"],
  "enter.unknown": ["Không đọc được thẻ. Chụp lại cho rõ cả ô vuông, hoặc xin xã thẻ mới.", "This is no card that we can read. Take the whole square sharply, or ask the commune for a new card."],
  "enter.elsewhere": ["Thẻ này của máy chủ khác. Mở trang này: {address}", "This card belongs to another server. Open this page: {address}"],
  "enter.refused": ["Thẻ này không còn dùng được. Xin xã thẻ mới. Phiếu trong máy vẫn còn.", "This card is no longer valid. Ask the commune for a new one. The sheets on this phone are kept."],
  "enter.no_line": ["Chưa có mạng để nhận thẻ. Thẻ đã được nhớ, có mạng máy sẽ tải phiếu về.", "There is no line yet. The card is kept; the forms are fetched when there is one."],
  "enter.no_camera": ["Không mở được máy ảnh. Chọn ảnh chụp thẻ, hoặc dán đường dẫn.", "The camera cannot be opened. Choose a picture of the card, or paste the link."],
  "enter.insecure": ["Trang này chưa có khóa an toàn (https), nên máy không giữ được phiếu khi mất mạng, không mở được máy ảnh và GPS. Báo người quản trị.", "This page is not served over https: without it nothing is kept offline, and camera and GPS stay closed. Tell the administrator."],
  "fill.back": ["Quay lại", "Back"],
  "fill.next": ["Tiếp", "Next"],
  "fill.later": ["Để sau", "Answer later"],
  "fill.end": ["Xem lại và gửi", "Look over and send"],
  "fill.overview": ["Các câu", "All questions"],
  "fill.leave": ["Cất, làm sau", "Put away"],
  "fill.page": ["Trang {n}/{of}", "Screen {n} of {of}"],
  "fill.send": ["Gửi", "Send"],
  "fill.finish_training": ["Xong bài tập", "End of practice"],
  "fill.lacks": ["Còn {n} câu phải xem lại", "{n} questions need another look"],
  "fill.whole": ["Đã đủ. Bấm Gửi để nộp phiếu.", "All is there. Press Send."],
  "fill.saved": ["Đã lưu trong máy. Sẽ gửi khi có sóng.", "Saved on this phone. It is sent when there is a line."],
  "fill.trained": ["Tập xong. Phiếu này không gửi đi đâu và đã được xóa.", "Practice is over. This sheet was sent nowhere and is gone."],
  "fill.home": ["Về trang đầu", "To the first page"],
  "fill.required": ["Câu này cần trả lời.", "This question needs an answer."],
  "fill.invalid": ["Câu trả lời này chưa đúng.", "This answer does not fit."],
  "fill.not_whole": ["Câu này chỉ ghi số nguyên, từ −2.147.483.648 đến 2.147.483.647. Số vừa gõ chưa được ghi.", "Only whole numbers fit here, from −2,147,483,648 to 2,147,483,647. What was typed is not kept."],
  "fill.not_number": ["Câu này chỉ ghi số. Điều vừa gõ chưa được ghi.", "Only a number fits here. What was typed is not kept."],
  "fill.required_mark": ["bắt buộc", "required"],
  "fill.opening": ["Đang mở phiếu…", "Opening…"],
  "fill.failed": ["Không mở được phiếu này. Phiếu vẫn còn trong máy.", "This sheet cannot be opened. It is still on the phone."],
  "fill.not_saved": ["Chưa lưu được: máy hết chỗ. Xóa bớt ảnh hoặc ứng dụng khác rồi bấm Lưu lại.", "Not saved: the phone is full. Remove pictures or apps, then press Save again."],
  "fill.save_again": ["Lưu lại", "Save again"],
  "fill.returned_here": ["Bị trả lại vì:", "Came back because:"],
  "fill.returned_why": ["Phiếu bị trả lại: {why}", "This sheet came back: {why}"],
  "fill.add": ["Thêm một mục", "Add one"],
  "fill.added": ["Đã có {n}. Thêm nữa không?", "{n} are here. Another one?"],
  "fill.none_added": ["Chưa có mục nào.", "None yet."],
  "fill.remove": ["Xóa mục {n}", "Remove {n}"],
  "fill.entry": ["Mục {n}", "Entry {n}"],
  "fill.open_entry": ["Sửa mục {n}", "Change {n}"],
  "ask.choose": ["– chọn –", "– choose –"],
  "ask.search": ["Tìm trong danh sách", "Search the list"],
  "ask.clear": ["Bỏ chọn", "Clear"],
  "ask.more": ["Còn {n} lựa chọn nữa, gõ vài chữ để tìm", "{n} more, type a few letters"],
  "ask.no_choice": ["Không có gì để chọn. Xem lại câu trên, hoặc tải danh sách khi có mạng.", "There is nothing to choose. Look at the question above, or fetch the list when there is a line."],
  "ask.photo": ["Chụp ảnh", "Take a photo"],
  "ask.photo_again": ["Chụp lại", "Take it again"],
  "ask.file": ["Chọn tệp", "Choose a file"],
  "ask.remove": ["Bỏ ảnh này", "Remove this"],
  "ask.shrinking": ["Đang thu nhỏ ảnh…", "Making the picture smaller…"],
  "ask.place": ["Lấy tọa độ", "Get the place"],
  "ask.place_again": ["Lấy lại", "Again"],
  "ask.placing": ["Đang bắt GPS… sai số {n} m", "Looking for GPS… within {n} m"],
  "ask.placing_first": ["Đang bắt GPS… ra chỗ trống, đợi một lát.", "Looking for GPS… stand in the open, wait a little."],
  "ask.place_take": ["Lấy điểm này", "Take this one"],
  "ask.place_stop": ["Thôi", "Stop"],
  "ask.placed": ["{latitude}, {longitude} (sai số {n} m)", "{latitude}, {longitude} (within {n} m)"],
  "ask.place_failed": ["Không bắt được GPS. Ra chỗ trống thử lại; nếu vẫn không được, để trống và chọn lý do ở câu sau.", "No GPS. Try again in the open; if it still fails, leave it empty and choose the reason in the next question."],
  "ask.place_denied": ["Máy chưa cho phép dùng vị trí. Mở Cài đặt, cho trang này dùng vị trí, rồi thử lại.", "The phone does not allow the place. Allow it in the settings, then try again."],
  "ask.point": ["Thêm điểm đang đứng", "Add the point where I stand"],
  "ask.points": ["{n} điểm", "{n} points"],
  "ask.walked": ["Dài {metres} m", "{metres} m long"],
  "ask.walked_area": ["Rộng {hectares} ha, chu vi {metres} m", "{hectares} ha, {metres} m around"],
  "ask.point_back": ["Bỏ điểm cuối", "Remove the last point"],
  "ask.up": ["Lên", "Up"],
  "ask.down": ["Xuống", "Down"],
  "ask.yes_done": ["Đã xem", "I have read it"],
  "ask.listen": ["Nghe", "Listen"],
  "ask.cannot": ["Máy này không hỏi được câu này.", "This app cannot ask this question."],
  "sent.title": ["Phiếu đã gửi", "What was sent"],
  "sent.none": ["Chưa gửi phiếu nào.", "Nothing was sent yet."],
  "sent.waiting": ["Chờ gửi", "Waiting"],
  "sent.sending": ["Đang gửi {done}/{of}", "Sending {done} of {of}"],
  "sent.refused": ["Máy chủ không nhận: {said}", "The server did not take it: {said}"],
  "sent.sent": ["Đã gửi, chờ máy chủ xác nhận", "Sent, to be confirmed"],
  "sent.received": ["Đã nhận, chờ duyệt", "Received, waiting for review"],
  "sent.incomplete": ["Đã nhận, thiếu {n} ảnh", "Received, {n} photos missing"],
  "sent.returned": ["Bị trả lại", "Came back"],
  "sent.approved": ["Đã duyệt", "Approved"],
  "sent.rejected": ["Không nhận", "Not accepted"],
  "sent.replaced": ["Đã có phiếu mới thay", "A new sheet stands in its place"],
  "sent.deleted": ["Cán bộ đã xóa phiếu này", "The office removed it"],
  "sent.elsewhere": ["Việc của phiếu này nay do người khác theo dõi", "Somebody else follows this sheet now"],
  "sent.apart": ["Đã nhận, cán bộ xem lại", "Received, the office looks it over"],
  "sent.receipt": ["Số biên nhận {number}", "Receipt {number}"],
  "sent.again": ["Gửi lại", "Send again"],
  "sent.later": ["Thử lại sau {time}", "Tried again after {time}"],
  "sent.open": ["Mở ra sửa", "Open and correct"],
  "sent.opening": ["Đang mở…", "Opening…"],
  "sent.no_copy": ["Máy này không còn bản phiếu. Cần có mạng một lần để tải về.", "This phone has no copy. A line is needed once to fetch it."],
  "sent.fixing": ["Đang sửa dở", "Being corrected"],
  "sent.corrected": ["Đã sửa, chờ gửi", "Corrected, waiting to be sent"],
  "more.title": ["Thêm", "More"],
  "more.people": ["Người dùng máy này", "People on this phone"],
  "more.switch": ["Đổi sang {name}", "Change to {name}"],
  "more.add_person": ["Thêm người (thẻ khác)", "Add somebody (another card)"],
  "more.new_card": ["Nhận thẻ mới của {name}", "A new card of {name}"],
  "more.sign_out": ["Rút thẻ {name} khỏi máy", "Take the card of {name} out"],
  "more.sign_out_sure": ["Rút thẻ của {name}? Phiếu dở và phiếu chưa gửi vẫn giữ trong máy, gửi được khi nhận lại thẻ.", "Take out the card of {name}? Drafts and unsent sheets stay, and are sent once the card is back."],
  "more.signed_out": ["đã rút thẻ", "card taken out"],
  "more.language": ["Ngôn ngữ", "Language"],
  "more.training": ["Chế độ tập", "Practice mode"],
  "more.training_lede": ["Làm thử mọi phiếu. Không gửi đi đâu, không lưu lại.", "Try every form. Nothing is sent, nothing is kept."],
  "more.training_on": ["Bắt đầu tập", "Begin to practise"],
  "more.training_off": ["Thôi tập", "End practice"],
  "more.bundle": ["Xuất phiếu ra tệp", "Write the sheets to a file"],
  "more.bundle_lede": ["Khi không có mạng: đưa tệp này cho cán bộ xã qua cáp, thẻ nhớ hay Bluetooth. Phiếu vẫn giữ trong máy.", "Without a line: give this file to the commune by cable, card or Bluetooth. The sheets stay on the phone."],
  "more.bundle_make": ["Xuất {n} phiếu", "Write {n} sheets"],
  "more.bundle_none": ["Không có phiếu nào chờ gửi.", "Nothing is waiting."],
  "more.bundle_made": ["Đã ghi tệp {name} ({n} phiếu).", "Wrote {name} ({n} sheets)."],
  "more.storage": ["Chỗ chứa", "Storage"],
  "more.storage_used": ["Dùng {used} trong {quota}", "{used} of {quota} used"],
  "more.storage_kept": ["Máy đã hứa giữ dữ liệu này.", "The phone has promised to keep this data."],
  "more.storage_loose": ["Máy chưa hứa giữ: khi hết chỗ, hoặc lâu không mở trang này, máy có thể xóa. Đưa trang này ra màn hình chính và gửi phiếu sớm.", "The phone has not promised to keep it: when it is full, or when this page is not opened for long, it may be removed. Put this page on the home screen and send soon."],
  "more.storage_ask": ["Xin máy giữ dữ liệu", "Ask the phone to keep it"],
  "more.install": ["Đưa ra màn hình chính", "Put on the home screen"],
  "more.install_how": ["iPhone: bấm nút Chia sẻ, chọn “Thêm vào MH chính”. Android: bấm ⋮, chọn “Thêm vào màn hình chính”.", "iPhone: press Share, then “Add to Home Screen”. Android: press ⋮, then “Add to home screen”."],
  "more.clock": ["Giờ máy chủ: {time}", "The server's time: {time}"],
  "more.clock_wrong": ["Đồng hồ máy này sai {n} phút. Giờ máy chủ: {time}. Chỉnh lại giờ trước khi làm phiếu.", "The clock of this phone is {n} minutes wrong. The server's time: {time}. Set it before you go on."],
  "more.version": ["Bản {version}", "Version {version}"],
  "more.update": ["Có bản mới. Bấm để mở bản mới; phiếu trong máy giữ nguyên.", "A newer version is here. Press to open it; all sheets stay."],
  "more.back": ["Về trang đầu", "To the first page"],
  "error.unreachable": ["Chưa nối được với máy chủ. Phiếu vẫn trong máy, máy tự thử lại.", "The server cannot be reached. Nothing is lost, it is tried again."],
  "error.protocol": ["Nơi trả lời không phải máy chủ của chương trình (có thể mạng này đòi đăng nhập). Phiếu vẫn trong máy.", "Something else answered (a network that asks to sign in?). Nothing is lost."],
  "error.refused": ["Máy chủ từ chối: {said}", "The server refused: {said}"],
  "error.card": ["Thẻ không còn dùng được. Phiếu vẫn còn trong máy. Xin xã thẻ mới rồi bấm vào đây.", "The card is no longer valid. Everything is kept. Ask the commune for a new card, then press here."],
  "error.newer": ["Dữ liệu trong máy do bản mới hơn ghi. Nối mạng và mở lại trang này để lấy bản mới; không có gì mất.", "The data on this phone was written by a newer version. Connect and open this page again; nothing is lost."],
  "error.blocked": ["Trang này không mở được chỗ chứa của máy (chế độ ẩn danh?). Mở bằng cửa sổ thường.", "This page cannot open the phone's storage (a private window?). Use an ordinary window."],
};

/** A sentence in the language of now; {names} are filled in. */
export function say(key, values = {}) {
  const pair = WORDS[key];
  const said = pair ? pair[language.now === "en" ? 1 : 0] : key;
  return said.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

const BROKEN = { required: "fill.required", constraint: "fill.invalid" };

/** What is wrong with an answer: the form's own words where it has some. `violation`: of walk.js, or null. */
export function sayViolation(violation, node) {
  if (!violation) return "";
  if (violation.condition === "number") return say(node.valueType === "int" ? "fill.not_whole" : "fill.not_number");
  return violation.message?.asString || say(BROKEN[violation.condition] ?? "fill.invalid");
}

const two = (number) => String(number).padStart(2, "0");

/** A day as Vietnamese readers write it: 28/11/2026. `day`: "2026-11-28". */
export const dayOf = (day) => String(day).split("-").reverse().join("/");

/** A moment: 07:30 28/11/2026. `moment`: milliseconds or ISO text. */
export function timeOf(moment) {
  const at = new Date(moment);
  return `${two(at.getHours())}:${two(at.getMinutes())} ${two(at.getDate())}/${two(at.getMonth() + 1)}/${at.getFullYear()}`;
}

/** A number for people: 1.157; with at most so many digits behind the comma. */
export const amount = (number, digits = 0) =>
  number.toLocaleString(language.now === "en" ? "en" : "vi-VN", { maximumFractionDigits: digits });

/** Bytes for people: 1,5 MB. */
export function sizeOf(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let at = 0;
  let size = bytes;
  while (size >= 1000 && at < 3) [size, at] = [size / 1000, at + 1];
  const said = size.toFixed(size < 10 && at ? 1 : 0);
  return `${language.now === "en" ? said : said.replace(".", ",")} ${units[at]}`;
}
