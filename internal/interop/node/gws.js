'use strict';

// What stands beside CometD in the servers on Node.js: as much of the REST API
// as a completion needs, and the control by tests.

const crypto = require('node:crypto');

const CSRF_HEADER = 'X-CSRF-TOKEN';

/**
 * Reads the command line and sets defaults. Times are in milliseconds.
 */
function options() {
  const o = { ack: true, timeout: 30000, maxInterval: 10000 };
  for (const arg of process.argv.slice(2)) {
    const [name, value] = arg.split('=', 2);
    if (name === '--ack') o.ack = value === 'true';
    else if (name === '--timeout') o.timeout = Number(value);
    else if (name === '--max-interval') o.maxInterval = Number(value);
    else throw new Error(`unknown option ${arg}`);
  }
  return o;
}

/**
 * Returns the request listener. The functions of cometd go through the
 * server's own API: publish(channel, data), expire(), sessions(). The returned
 * function's property "policy" says what the server is to deny.
 */
function gws(cometd) {
  const policy = { denyHandshake: false, denySubscribe: false };
  const cookie = `JSESSIONID=${crypto.randomUUID()}; Path=/; HttpOnly`;
  const csrfToken = crypto.randomUUID();
  const held = new Map();
  let ackDelay = 0;
  let holdAck = false;
  let posts = 0;

  function complete(handle, request) {
    const { campaignName, devicePath, callingList, applicationId, referenceId } = request;
    const event = {
      messageType: 'OutboundRecordMessage',
      notificationType: 'RecordProcessedAcknowledge',
      referenceId,
      record: { campaignName, devicePath, callingList, applicationId, recordHandle: Number(handle) },
    };
    posts++;
    const acknowledge = () => cometd.publish('/v2/me/outbound', event);
    if (!holdAck) setTimeout(acknowledge, ackDelay);
    else if (held.has(referenceId)) held.get(referenceId).push(acknowledge);
    else held.set(referenceId, [acknowledge]);
  }

  async function control(verb, input) {
    switch (verb) {
      case 'set':
        ackDelay = input.ackDelayMS ?? 0;
        holdAck = input.holdAck === true;
        policy.denyHandshake = input.denyHandshake === true;
        policy.denySubscribe = input.denySubscribe === true;
        return {};
      case 'ack': {
        const waiting = held.get(input.referenceId) ?? [];
        held.delete(input.referenceId);
        for (const acknowledge of waiting) await acknowledge();
        return {};
      }
      case 'publish': {
        const text = 'x'.repeat(input.size ?? 0);
        for (let n = 0; n < (input.count ?? 1); n++) await cometd.publish(input.channel, { n, text });
        return {};
      }
      case 'expire':
        cometd.expire();
        return {};
      case 'sessions':
        return { sessions: cometd.sessions() };
      case 'posts':
        return { posts };
    }
    throw new Error(`unknown verb ${verb}`);
  }

  async function answer(request, body) {
    const path = new URL(request.url, 'http://127.0.0.1').pathname;
    const [, handle] = path.match(/^\/api\/v2\/me\/outbound-records\/(\d+)$/) ?? [];
    const [, verb] = path.match(/^\/control\/([a-z]+)$/) ?? [];
    if (request.method === 'GET' && path === '/api/v2/me') return { statusCode: 0 };
    if (request.method === 'POST' && handle) {
      complete(handle, JSON.parse(body));
      return { statusCode: 0 };
    }
    if (request.method === 'POST' && verb) return control(verb, JSON.parse(body || '{}'));
    throw new Error(`nothing here: ${request.method} ${path}`);
  }

  const listener = async (request, response) => {
    allowOrigin(request, response);
    if (request.method === 'OPTIONS') {
      response.end();
      return;
    }
    if (request.method === 'GET') {
      response.setHeader('Set-Cookie', cookie);
      response.setHeader('X-CSRF-HEADER', CSRF_HEADER);
      response.setHeader('X-CSRF-TOKEN', csrfToken);
    }
    response.setHeader('Content-Type', 'application/json');
    try {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      response.end(JSON.stringify(await answer(request, Buffer.concat(chunks).toString())));
    } catch (error) {
      response.statusCode = 400;
      response.end(JSON.stringify({ error: String(error) }));
    }
  };
  return Object.assign(listener, { policy });
}

/** Lets pages of this machine in, with cookies. */
function allowOrigin(request, response) {
  const origin = request.headers.origin ?? '';
  if (!origin.startsWith('http://127.0.0.1:')) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST');
  response.setHeader('Access-Control-Allow-Headers', `Authorization, Content-Type, ${CSRF_HEADER}`);
  response.setHeader('Access-Control-Expose-Headers', 'X-CSRF-HEADER, X-CSRF-TOKEN');
  response.setHeader('Vary', 'Origin');
}

/** Listens, says where, and ends with the program that started this one. */
function run(server) {
  process.stdin.on('end', () => process.exit(0)).resume();
  server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
}

module.exports = { options, gws, allowOrigin, run };
