'use strict';

// Faye, with the Outbound API of GWS beside it. It has no acknowledged delivery.

const http = require('node:http');
const faye = require('faye');
const { options, gws, run } = require('../node/gws.js');

const { timeout } = options();
const bayeux = new faye.NodeAdapter({ mount: '/api/v2/notifications', timeout: timeout / 1000 });

// The client that publishes is a session like any other, so it must not be
// denied, nor counted, nor expired.
let own;
const sessions = new Set();
bayeux.on('handshake', (id) => sessions.add(id));
bayeux.on('disconnect', (id) => sessions.delete(id));

const listener = gws({
  publish: (channel, data) => bayeux.getClient().publish(channel, data),
  expire: () => {
    for (const id of sessions) {
      // Faye has no public way; its own timer calls this.
      if (id !== own) bayeux._server._engine.destroyClient(id);
    }
  },
  sessions: () => sessions.size - (sessions.has(own) ? 1 : 0),
});

bayeux.addExtension({
  incoming(message, request, callback) {
    if (request && listener.policy.denyHandshake && message.channel === '/meta/handshake') {
      message.error = '403::handshake denied';
      message.advice = { reconnect: 'none' };
    }
    if (request && listener.policy.denySubscribe && message.channel === '/meta/subscribe') {
      message.error = `403:${message.subscription}:subscription denied`;
    }
    callback(message);
  },
});

const server = http.createServer(listener);
bayeux.attach(server);

// Faye's own answer to a preflight would not let the CSRF header of GWS pass.
const [handle] = server.listeners('request');
server.removeAllListeners('request').on('request', (request, response) => {
  (request.method === 'OPTIONS' ? listener : handle).call(server, request, response);
});

bayeux
  .getClient()
  .connect(() => {
    own = bayeux.getClient()._dispatcher.clientId;
    run(server);
  });
