// `node serve.js peer|socket.io PORT`: the server as its authors show it, on loopback.
import { createServer } from "node:http";
import { PeerServer } from "peer";
import { Server } from "socket.io";

const [which, port] = [process.argv[2], Number(process.argv[3])];
const ready = () => console.log("Serving");
if (which === "peer") {
  PeerServer({ port, host: "127.0.0.1", path: "/" }, ready);
} else {
  const http = createServer();
  new Server(http).on("connection", (socket) => {
    socket.on("join", async (room) => {
      await socket.join(room);
      socket.emit("ready");
      socket.on("signal", (message) => socket.to(room).emit("signal", message));
    });
  });
  http.listen(port, "127.0.0.1", ready);
}
