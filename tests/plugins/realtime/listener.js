// Official clients' own Socket.IO, told what to do by lines of JSON on stdin; what it hears is a line on stdout.
// {"do": "open", "id": 1, "url": "http://...", "options": {...}}, {"do": "close", "id": 1}
const { io } = require("socket.io-client");
const sockets = new Map();

const say = (id, event, args) => process.stdout.write(JSON.stringify({ id, event, args, at: Date.now() / 1000 }) + "\n");

function open(id, url, options) {
  const socket = io(url, { path: "/api/socket.io", transports: ["websocket"], forceNew: true, ...options });
  sockets.set(id, socket);
  socket.on("connect", () => say(id, "(connect)", []));
  socket.on("disconnect", (reason) => say(id, "(disconnect)", [reason]));
  socket.on("connect_error", (error) => say(id, "(connect_error)", [error.message]));
  socket.onAny((event, ...args) => say(id, event, args));
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const order = JSON.parse(line);
  if (order.do === "open") open(order.id, order.url, order.options);
  if (order.do === "close") sockets.get(order.id).disconnect();
  if (order.do === "pause") sockets.get(order.id).io.engine.transport.ws._socket.pause();
  if (order.do === "emit") sockets.get(order.id).emit(...order.args);
}).on("close", () => process.exit(0));
