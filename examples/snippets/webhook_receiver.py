"""A receiver of webhooks: it believes what is signed, and nothing else."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from openai import InvalidWebhookSignatureError, OpenAI

client = OpenAI(webhook_secret=os.environ["WEBHOOK_SECRET"], api_key="unused")


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to what is genuine, 400 to what is not."""

    def do_POST(self) -> None:
        """Take one event; the same one may come again, with the same webhook-id."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            event = client.webhooks.unwrap(body, dict(self.headers))
        except InvalidWebhookSignatureError:
            self.send_response(400)
        else:
            print(event.type, event.data.id, flush=True)
            self.send_response(204)
        self.end_headers()


HTTPServer(("127.0.0.1", 8080), Receiver).serve_forever()
