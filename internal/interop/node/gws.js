'use strict';

// What stands beside CometD in the servers on Node.js: the Outbound API of GWS,
// and the control by tests.

const crypto = require('node:crypto');

const CSRF_HEADER = 'X-CSRF-TOKEN';

const OF_CAMPAIGN = 'OutboundCampaignMessage';

// The operations, as the program that starts this one has them in its table: the path where each is posted, whose last
// segment may be a parameter, and the types of the events that answer it: the last ends it, one before that is of each
// element of a list.
const OPERATIONS = JSON.parse(process.env.GWS_OPERATIONS);

/** The request that a body makes at a path; undefined if that leads elsewhere. */
function requestAt(path, operation, body) {
  const [prefix, parameter] = operation.path.split(/[{}]/);
  if (parameter === undefined) return path === prefix ? body : undefined;
  const value = path.slice(prefix.length);
  if (!path.startsWith(prefix) || value === '') return undefined;
  return { ...body, [parameter]: parameter === 'recordHandle' ? Number(value) : value };
}

/** The data of an event about a campaign. */
function ofCampaign({ campaignName, applicationId, devicePath }) {
  return { campaign: { name: campaignName, dialingMode: 'Preview', state: 'Started', applicationId, devicePath } };
}

/** The data of an event about the record of a request, or about the nth that is handed out, counted from its handle on. */
function ofRecord(request, type, n) {
  const { campaignName, devicePath, callingList, phoneNumber, applicationId, recordHandle } = request;
  const record = { campaignName, devicePath, callingList, phoneNumber, applicationId, recordHandle };
  if (type === 'ChainedRecord' || type === 'PreviewRecord') {
    record.recordHandle = (recordHandle ?? 0) + n;
    record.userData = { GSW_USER_EVENT: type, GSW_RECORD_HANDLE: record.recordHandle, GSW_CAMPAIGN_NAME: campaignName };
  }
  return { record };
}

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
  let behavior = {};
  let posts = 0;
  let last = {};

  function carryOut(path, body) {
    for (const operation of OPERATIONS) {
      const request = operation.name === body.operationName && requestAt(path, operation, body);
      if (!request) continue;
      answer(request, operation);
      return { statusCode: 0 };
    }
    return { statusCode: 10, statusMessage: `There is no operation ${body.operationName} at ${path}` };
  }

  function answer(request, { messageType, notifications }) {
    posts++;
    last = request;
    const { referenceId } = request;
    const about = messageType === OF_CAMPAIGN ? ofCampaign : ofRecord;
    const event = (type, n) => ({ messageType, notificationType: type, referenceId, ...about(request, type, n) });
    const end = notifications.at(-1);
    const events = notifications.slice(0, -1).flatMap((type) => Array.from({ length: behavior.chain }, (_, i) => event(type, i + 1)));
    events.push(event(behavior.notification || end, 1));
    if (behavior.holdAck) held.set(referenceId, [...(held.get(referenceId) ?? []), ...events]);
    else setTimeout(() => publish(events), behavior.ackDelayMS);
  }

  async function publish(events) {
    for (const event of events) await cometd.publish('/v2/me/outbound', event);
  }

  async function control(verb, input) {
    switch (verb) {
      case 'set':
        behavior = input;
        policy.denyHandshake = input.denyHandshake === true;
        policy.denySubscribe = input.denySubscribe === true;
        return {};
      case 'ack':
        await publish(held.get(input.referenceId)?.splice(0, input.count ?? Number.POSITIVE_INFINITY) ?? []);
        return {};
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
        return { posts, last };
    }
    throw new Error(`unknown verb ${verb}`);
  }

  async function serve(request, body) {
    const path = decodeURIComponent(request.url);
    const [, verb] = path.match(/^\/control\/([a-z]+)$/) ?? [];
    if (request.method === 'GET' && path === '/api/v2/me') return { statusCode: 0 };
    if (request.method === 'POST' && path.startsWith('/api/v2/me/outbound-')) return carryOut(path, JSON.parse(body));
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
      response.end(JSON.stringify(await serve(request, Buffer.concat(chunks).toString())));
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
