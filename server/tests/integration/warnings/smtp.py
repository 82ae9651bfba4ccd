"""A mail server for tests: prints its port, then each mail that it takes as a line of JSON.

smtp.py plain|starttls|tls CERTIFICATE KEY

It lets in `ana` with the password `open sesame`. To refused@ it says no, to later@ not yet, and to echo@ no with the password that it
was told.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Mails:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 nobody of that name"
        if address.startswith("later@"):
            return "451 come again"
        if address.startswith("echo@"):
            return "550 you said " + session.auth_data.password.decode()
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode("utf-8"),
            "encrypted": session.ssl is not None or mode == "tls",
            "user": session.auth_data.login.decode() if session.auth_data else None,
        }
        print(json.dumps(mail), flush=True)
        return "250 taken"


def judge(server, session, envelope, mechanism, data):
    fine = data.login == b"ana" and data.password == b"open sesame"
    return AuthResult(success=fine, handled=False, auth_data=data)


async def main():
    encrypted = None
    if mode != "plain":
        encrypted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        encrypted.load_cert_chain(sys.argv[2], sys.argv[3])

    def session():
        return SMTP(
            Mails(),
            authenticator=judge,
            auth_require_tls=False,
            tls_context=encrypted if mode == "starttls" else None,
            require_starttls=mode == "starttls",
        )

    loop = asyncio.get_running_loop()
    listener = await loop.create_server(
        session, "127.0.0.1", 0, ssl=encrypted if mode == "tls" else None
    )
    print(listener.sockets[0].getsockname()[1], flush=True)
    await listener.serve_forever()


mode = sys.argv[1]
asyncio.run(main())
