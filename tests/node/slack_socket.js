// Slack's end of Socket Mode, told what to do over HTTP. Prints its port.
//
//   POST /send      the body, as a text to the newest connection
//   POST /end       the newest connection is cut off, without a closing handshake
//   POST /mute      the newest connection answers no more pings
//   GET  /received  [{"connection", "text"}...]
//   GET  /state     {"opened", "open", "pings"}
//
// With a key and a certificate as arguments it speaks TLS to the bot (ws stays plain for /send and
// the others): slack_socket.js [key.pem cert.pem]
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');
const { WebSocketServer } = require('ws');

const sockets = [];
const received = [];
let pings = 0;

const control = http.createServer((request, response) => {
  const newest = sockets[sockets.length - 1];
  let body = '';
  request.on('data', (data) => { body += data; });
  request.on('end', () => {
    if (request.url === '/send') newest.send(body);
    if (request.url === '/end') newest.terminate();
    if (request.url === '/mute') newest.pause();
    const open = sockets.filter((socket) => socket.readyState === 1).length;
    response.end(JSON.stringify(
      request.url === '/received' ? received : { opened: sockets.length, open, pings }));
  });
});

function serve(server) {
  new WebSocketServer({ server, path: '/link/' }).on('connection', (socket) => {
    const connection = sockets.push(socket);
    socket.on('message', (data) => { received.push({ connection, text: data.toString() }); });
    socket.on('ping', () => { pings += 1; });
    socket.on('error', () => {});
    socket.send(JSON.stringify({ type: 'hello', num_connections: 1 }));
  });
}

const [key, cert] = process.argv.slice(2);
const secure = key && https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert) });
serve(secure || control);
control.listen(0, '127.0.0.1', () => {
  if (!secure) return console.log(`${control.address().port}`);
  secure.listen(0, '127.0.0.1', () => {
    console.log(`${control.address().port} ${secure.address().port}`);
  });
});
