"""Sends a short report by e-mail, to a webhook, or to both, as these variables say:

    WEBHOOK_URL              gets {"text": …} as JSON (Slack, Mattermost, Discord with /slack, …)
    SMTP_HOST, SMTP_PORT     the mail server (port 587)
    SMTP_USER, SMTP_PASSWORD if it wants to know
    MAIL_FROM, MAIL_TO       several receivers are separated by commas
"""

import json
import os
import smtplib
import ssl
import urllib.request
from email.message import EmailMessage

from report import report


def to_webhook(address: str, text: str) -> None:
    body = json.dumps({"text": text}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        print(f"webhook: {answer.status}")


def by_mail(host: str, subject: str, text: str) -> None:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = os.environ["MAIL_FROM"]
    message["To"] = os.environ["MAIL_TO"]
    message.set_content(text)
    port = int(os.environ.get("SMTP_PORT", "587"))
    with smtplib.SMTP(host, port, timeout=30) as server:
        server.starttls(context=ssl.create_default_context())
        user = os.environ.get("SMTP_USER")
        if user:
            server.login(user, os.environ["SMTP_PASSWORD"])
        server.send_message(message)
    print(f"mail to {message['To']}")


def main() -> None:
    subject, text = report()
    print(f"{subject}\n\n{text}\n")
    webhook, host = os.environ.get("WEBHOOK_URL"), os.environ.get("SMTP_HOST")
    if webhook:
        to_webhook(webhook, f"*{subject}*\n{text}")
    if host:
        by_mail(host, subject, text)
    if not webhook and not host:
        print("Nobody was told: set WEBHOOK_URL or SMTP_HOST")


if __name__ == "__main__":
    main()
