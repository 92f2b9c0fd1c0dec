"""What a shell runs when a night has failed. No backslash and no `%` in it, so that it can stand in a crontab."""

WEBHOOK = "HASHTAG_WEBHOOK"  # whoever has the address can post to it, so that it stands where a secret may


def post_alarm(text: str) -> str:
    """Post `{"text": ...}`, as Slack, Mattermost and Google Chat take it. text: may hold variables, but no quotes."""
    document = f"""'{{"text":"'"{text}"'"}}'"""
    send = "curl -fsS -o /dev/null --max-time 30 -H 'Content-Type: application/json'"
    return f'{send} -d {document} "${WEBHOOK}"'


def mail_alarm(address: str, subject: str, body: str) -> str:
    """Mail what a command prints. subject: may hold variables, but no quotes. body: the command."""
    return f'{{ echo "To: {address}"; echo "Subject: {subject}"; echo; {body}; }} | sendmail -t'
