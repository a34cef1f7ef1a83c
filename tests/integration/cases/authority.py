"""A time-stamping authority of a test's own: a root, a signer, and a web server in front of
`openssl ts`."""

import datetime as dt
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rfc3161_client import decode_timestamp_response

CONFIG = """\
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


def _elements(der: bytes, tag: int) -> Iterator[bytes]:
    """Give everything that may be an element with this tag."""
    for start, found in enumerate(der[:-4]):
        if found == tag:
            form = der[start + 1] - 0x80
            head = 2 if form < 0 else 2 + form
            length = form + 0x80 if form < 0 else int.from_bytes(der[start + 2 : start + head])
            if form < 3 and start + head + length <= len(der):
                yield der[start : start + head + length]


class Authority:
    """An authority whose files lie in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.root = folder / "root.pem"
        root_key, root = self._certificate("Test root", None, None)
        tsa_key, tsa = self._certificate("Test time-stamping authority", root_key, root)
        self.root.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        (folder / "tsa.pem").write_bytes(tsa.public_bytes(serialization.Encoding.PEM))
        (folder / "tsa.key").write_bytes(
            tsa_key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        (folder / "serial").write_text("01\n")
        (folder / "openssl.cnf").write_text(CONFIG.format(folder=folder))

    def stamp(self, query: bytes) -> bytes:
        """Answer a request."""
        asked = self.folder / "query.tsq"
        asked.write_bytes(query)
        config = str(self.folder / "openssl.cnf")
        command = ["openssl", "ts", "-reply", "-config", config, "-queryfile", str(asked)]
        return subprocess.run(command, capture_output=True, check=True).stdout

    def antedated(self, response: bytes, at: dt.datetime) -> bytes:
        """Return an answer of this authority with another time in it, under its key: what whoever
        took it over can make."""
        told = f"{decode_timestamp_response(response).tst_info.gen_time:%Y%m%d%H%M%SZ}".encode()
        key = serialization.load_pem_private_key((self.folder / "tsa.key").read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        tail = key.key_size // 8  # the signature comes last
        parts = _elements(response, 0x30)
        said = next(one for one in parts if told in one and sha256(one).digest() in response)
        false = said.replace(told, f"{at:%Y%m%d%H%M%SZ}".encode())
        before, after = sha256(said).digest(), sha256(false).digest()
        body = response[:-tail].replace(said, false).replace(before, after)
        signed = next(one for one in _elements(body, 0xA0) if after in one and false not in one)
        attributes = b"\x31" + signed[1:]  # as RFC 5652 has it signed: a set, without its tag
        return body + key.sign(attributes, padding.PKCS1v15(), hashes.SHA256())

    @contextmanager
    def served(self) -> Iterator[str]:
        """Answer requests over HTTP; yields the address."""
        authority = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write(authority.stamp(query))

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with HTTPServer(("127.0.0.1", 0), Answer) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}/"
            server.shutdown()
            thread.join()

    def _certificate(
        self, name: str, key: rsa.RSAPrivateKey | None, issuer: x509.Certificate | None
    ) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
        own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        today = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - dt.timedelta(days=1))
            .not_valid_after(today + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(issuer is None, None), critical=True)
        )
        if issuer is not None:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(usage, critical=True)
        return own, builder.sign(key or own, hashes.SHA256())
