"""A webhook receiver that accepts signed events only."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from openai import InvalidWebhookSignatureError, OpenAI

client = OpenAI(webhook_secret=os.environ["WEBHOOK_SECRET"], api_key="unused")


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to a valid signature, 400 to any other."""

    def do_POST(self) -> None:
        """Handle one event; it may arrive more than once, with the same webhook-id."""
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
