'use strict';

// CometD for Node.js, with the Outbound API of GWS beside it. It has
// long-polling only.

const http = require('node:http');
const cometd = require('cometd-nodejs-server');
const { AcknowledgedMessagesExtension } = require('cometd-nodejs-server/ack-extension');
const { options, gws, allowOrigin, run } = require('../node/gws.js');

const { ack, timeout, maxInterval } = options();
const bayeux = cometd.createCometDServer({ timeout, maxInterval, sweepPeriod: 200, maxSessionsPerBrowser: -1 });
if (ack) bayeux.addExtension(new AcknowledgedMessagesExtension());

const sessions = new Set();
bayeux.addListener('sessionAdded', (session) => sessions.add(session));
bayeux.addListener('sessionRemoved', (session) => sessions.delete(session));

const listener = gws({
  publish: (channel, data) =>
    new Promise((resolve, reject) => {
      const target = bayeux.createServerChannel(channel);
      target.publish(null, data, (failure) => (failure ? reject(failure) : resolve()));
    }),
  expire: () => {
    // There is no public way; its own sweeper calls this.
    for (const session of sessions) bayeux._removeServerSession(session, true);
  },
  sessions: () => sessions.size,
});

bayeux.policy = {
  canHandshake: (session, message, callback) => callback(undefined, !listener.policy.denyHandshake),
  canSubscribe: (session, message, channel, callback) => callback(undefined, !listener.policy.denySubscribe),
};

run(
  http.createServer((request, response) => {
    if (!request.url.startsWith('/api/v2/notifications') || request.method === 'OPTIONS') {
      listener(request, response);
      return;
    }
    allowOrigin(request, response);
    bayeux.handle(request, response);
  }),
);
