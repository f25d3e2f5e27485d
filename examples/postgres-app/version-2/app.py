import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

# What waited at the router comes all at once; the database takes a hundred at a time.
few = threading.BoundedSemaphore(20)


class Notebook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer("SELECT count(*) || ' notes' FROM note UNION ALL (SELECT written::date || ' ' || text FROM note ORDER BY id)")

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer("INSERT INTO note (text) VALUES (%s) RETURNING text", text)

    def answer(self, query, *values):
        try:
            status, text = 200, "".join(f"{note}\n" for note in notes(query, values))
        except psycopg2.Error as error:
            status, text = 503, str(error)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def notes(query, values):
    with few:
        connection = psycopg2.connect(dbname="notes", connect_timeout=5)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query, values)
                return [text for (text,) in cursor.fetchall()]
        finally:
            connection.close()


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


Server(("", 8000), Notebook).serve_forever()
