"""What is written to people by mail, Vietnamese first and English below; filled with str.format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class LetterText:
    """One letter in both languages. `links`: it carries a link to set a password."""

    subject: str
    vi: str
    en: str
    links: bool = False

    def filled(self, params: Mapping[str, object]) -> str:
        """The text with the params in place."""
        return f"{self.vi.format(**params)}\n\n— — —\n\n{self.en.format(**params)}\n"


LETTERS: Mapping[str, LetterText] = {
    "invited": LetterText(
        "Tài khoản thonban của bạn / Your thonban account",
        "Chào {name},\n\nBạn có tài khoản mới ở {address} với thư điện tử {email}.\n"
        "Hãy đặt mật khẩu tại đây, trong 24 giờ:\n{link}",
        "Hello {name},\n\nYou have a new account at {address} with the e-mail {email}.\n"
        "Set your password here within 24 hours:\n{link}",
        links=True,
    ),
    "created": LetterText(
        "Tài khoản thonban của bạn / Your thonban account",
        "Chào {name},\n\nBạn có tài khoản mới ở {address} với thư điện tử {email}.\n"
        "Mật khẩu do người quản trị đặt và báo riêng cho bạn.",
        "Hello {name},\n\nYou have a new account at {address} with the e-mail {email}.\n"
        "An administrator chose the password and will tell it to you.",
    ),
    "reset": LetterText(
        "Đặt lại mật khẩu thonban / Reset your thonban password",
        "Chào {name},\n\nCó người xin đặt lại mật khẩu của {email} ở {address}. Nếu là bạn, hãy đặt mật khẩu mới tại "
        "đây, trong 24 giờ:\n{link}\n\nNếu không phải bạn, hãy bỏ qua thư này.",
        "Hello {name},\n\nSomebody asked to reset the password of {email} at {address}. If it was you, set a new "
        "password here within 24 hours:\n{link}\n\nIf it was not you, ignore this mail.",
        links=True,
    ),
    "password_changed": LetterText(
        "Mật khẩu thonban đã đổi / Your thonban password was changed",
        "Chào {name},\n\nMật khẩu của {email} ở {address} vừa được đổi. Nếu không phải bạn đổi, hãy báo ngay cho người "
        "quản trị.",
        "Hello {name},\n\nThe password of {email} at {address} was just changed. If you did not do this, tell an "
        "administrator at once.",
    ),
    "webhook_paused": LetterText(
        "Webhook đã dừng / A webhook was paused",
        "Chào {name},\n\nWebhook “{hook}” của bạn ở {address} đã dừng: nơi nhận không trả lời suốt ba ngày, báo không "
        "còn ai nghe, hoặc không gửi tiếp được. Tin chưa gửi được giữ trong 30 ngày. Hãy xem trang Webhook của dự án, "
        "sửa rồi cho gửi tiếp.",
        "Hello {name},\n\nYour webhook “{hook}” at {address} was paused: the receiver has not answered for three days, "
        "said that nobody listens there any more, or nothing more can be sent. Messages that were not sent are kept "
        "for 30 days. Look at the page Webhooks of the project, mend it and resume.",
    ),
    "email_changed": LetterText(
        "Thư điện tử của tài khoản thonban đã đổi / Your thonban e-mail was changed",
        "Chào {name},\n\nTài khoản của bạn ở {address} vừa chuyển từ {old} sang {new}. Nếu không phải bạn đổi, hãy báo "
        "ngay cho người quản trị.",
        "Hello {name},\n\nYour account at {address} was just moved from {old} to {new}. If you did not do this, tell "
        "an administrator at once.",
    ),
}
