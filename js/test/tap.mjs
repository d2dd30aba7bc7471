// A server that passes everything on to another, and notes what came: the
// wire, as seen from its other end.

import { createServer, request as send } from "node:http";
import { after } from "node:test";

/**
 * Starts one, for as long as the file's tests run.
 *
 * @param {string} target the origin of the other server
 * @returns {Promise<{ url: string, requests: { line: string, headers: object, body?: string }[] }>} its
 *   origin, and every request in order: `line` is "POST /path", or "WebSocket /path"
 */
export async function startTap(target) {
  const requests = [];
  const pass = ({ method, url, headers }) => send(new URL(url, target), { method, headers });

  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const noted = { line: `${method} ${url}`, headers, body: "" };
    requests.push(noted);
    request.on("data", (piece) => {
      noted.body += piece;
    });
    const passed = pass(request);
    passed.on("response", (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    request.pipe(passed);
  });
  server.on("upgrade", (request, socket) => {
    requests.push({ line: `WebSocket ${request.url}`, headers: request.headers });
    const passed = pass(request);
    passed.on("upgrade", (answer, other, head) => {
      const fields = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join("")}\r\n`);
      socket.write(head);
      socket.pipe(other).pipe(socket);
      for (const [end, otherEnd] of [
        [socket, other],
        [other, socket],
      ]) {
        end.on("error", () => {}); // "close" follows
        end.on("close", () => otherEnd.destroy());
      }
    });
    passed.on("error", () => socket.destroy());
    passed.end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sockets = new Set();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  after(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  return { url: `http://127.0.0.1:${server.address().port}`, requests };
}
