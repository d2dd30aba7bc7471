package interop;

import java.net.URI;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.eclipse.jetty.util.ajax.JSON;

/**
 * What stands beside CometD: the Outbound API of GWS, and the control by tests.
 * It is the same for every line of CometD on Jetty, whose servlets bring the
 * requests.
 */
final class Gws {
    /** What is done through the server's own API. */
    interface CometD {
        /** To all sessions of that agent, or to everybody if it is null. */
        void publish(String agent, String channel, Object data);

        /** Forgets the sessions that have subscribed to a channel, or all if it is null, as it would when they had expired. */
        void expire(String channel);

        int sessions();
    }

    record Answer(int status, Map<String, String> headers, String json) {
    }

    private static final String OF_CAMPAIGN = "OutboundCampaignMessage";

    /**
     * An operation, the path where it is posted, whose last segment may be a parameter, and the types of the events that answer
     * it: the last ends it, one before that is of each element of a list.
     */
    private record Operation(String name, String path, String messageType, List<String> notifications) {
        /** The request that a body makes at a path; null if that leads elsewhere. */
        private Map<String, Object> request(String at, Map<String, Object> body) {
            int brace = path.indexOf('{');
            if (brace < 0) {
                return at.equals(path) ? body : null;
            }
            String value = below(path.substring(0, brace), at);
            if (value == null || value.isEmpty()) {
                return null;
            }
            String parameter = path.substring(brace + 1, path.length() - 1);
            Map<String, Object> request = new LinkedHashMap<>(body);
            request.put(parameter, parameter.equals("recordHandle") ? (Object) Long.valueOf(value) : value);
            return request;
        }
    }

    /** What the program that starts this one has in its table. */
    private static final List<Operation> OPERATIONS = operations(System.getenv("GWS_OPERATIONS"));

    private static List<Operation> operations(String json) {
        List<Operation> operations = new ArrayList<>();
        for (Object each : (Object[]) new JSON().fromJSON(json)) {
            Map<?, ?> operation = (Map<?, ?>) each;
            List<String> notifications = new ArrayList<>();
            for (Object notification : (Object[]) operation.get("notifications")) {
                notifications.add((String) notification);
            }
            operations.add(new Operation((String) operation.get("name"), (String) operation.get("path"),
                    (String) operation.get("messageType"), notifications));
        }
        return operations;
    }

    /** What events tell of a record, as far as the request has it. */
    private static final List<String> RECORD_FIELDS =
            List.of("campaignName", "devicePath", "callingList", "phoneNumber", "applicationId", "recordHandle");

    /** The events that hand out a record. */
    private static final Set<String> HANDING_OUT = Set.of("ChainedRecord", "PreviewRecord");

    static final String CSRF_HEADER = "X-CSRF-TOKEN";

    static final String COOKIE = "JSESSIONID";

    private final String login = random(); // of everybody, unless there are agents
    private final String csrfToken = random();

    /** Whether every sign-in is an agent of its own. */
    final boolean agents;

    /** What the security policy is to say. */
    volatile boolean denyHandshake;
    volatile boolean denySubscribe;

    private final CometD cometd;
    private final ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "acknowledgements");
        thread.setDaemon(true);
        return thread;
    });
    // What follows is guarded by this.
    private final Map<String, Queue<Runnable>> held = new HashMap<>(); // by reference
    private boolean holdAck;
    private long ackDelay; // ms
    private long chain; // records
    private String notification; // in place of the last one's; null for that
    private long posts;
    private Map<String, Object> last = Map.of(); // the newest request

    Gws(CometD cometd, boolean agents) {
        this.cometd = cometd;
        this.agents = agents;
    }

    /** The headers that let pages of this machine in, with cookies; none for others. */
    static Map<String, String> cors(String origin) {
        if (!origin.startsWith("http://127.0.0.1:")) {
            return Map.of();
        }
        return Map.of(
                "Access-Control-Allow-Origin", origin,
                "Access-Control-Allow-Credentials", "true",
                "Access-Control-Allow-Methods", "GET, POST",
                "Access-Control-Allow-Headers", "Authorization, Content-Type, " + CSRF_HEADER,
                "Access-Control-Expose-Headers", "X-CSRF-HEADER, X-CSRF-TOKEN",
                "Vary", "Origin");
    }

    /** Answers a request that is not CometD's. The cookies are those of the header, null without one. */
    Answer handle(String method, String uri, String cookies, String body) {
        String agent = agents ? agent(cookies) : null;
        Map<String, String> headers = new HashMap<>(Map.of("Content-Type", "application/json"));
        if (method.equals("GET")) {
            if (agent == null || agent.isEmpty()) { // an agent stays the same, over a restart too
                headers.put("Set-Cookie", COOKIE + "=" + (agents ? random() : login) + "; Path=/; HttpOnly");
            }
            headers.put("X-CSRF-HEADER", CSRF_HEADER);
            headers.put("X-CSRF-TOKEN", csrfToken);
        }
        int status = 200;
        Map<String, Object> out;
        try {
            out = route(agent, method, uri, body);
            if (out == null) {
                status = 404;
                out = Map.of("error", "nothing here: " + method + " " + uri);
            }
        } catch (RuntimeException x) {
            status = 400;
            out = Map.of("error", x.toString());
        }
        return new Answer(status, headers, new JSON().toJSON(out));
    }

    /** The agent whom cookies are of, "" for one who is not signed in. */
    private static String agent(String cookies) {
        for (String cookie : cookies == null ? new String[0] : cookies.split(";")) {
            String value = below(COOKIE + "=", cookie.trim());
            if (value != null) {
                return value;
            }
        }
        return "";
    }

    /** The body of the answer, null where there is none; the agent is null where all are one. */
    private Map<String, Object> route(String agent, String method, String uri, String body) {
        String path = URI.create(uri).getPath();
        if (method.equals("GET") && path.equals("/api/v2/me")) {
            return Map.of("statusCode", 0);
        }
        if (method.equals("POST") && path.startsWith("/api/v2/me/outbound-")) {
            return carryOut(agent, path, object(body));
        }
        String verb = below("/control/", path);
        return method.equals("POST") && verb != null ? control(verb, object(body)) : null;
    }

    private Map<String, Object> carryOut(String agent, String path, Map<String, Object> body) {
        for (Operation operation : OPERATIONS) {
            if (operation.name().equals(body.get("operationName"))) {
                Map<String, Object> request = operation.request(path, body);
                if (request != null) {
                    answer(agent, operation, request);
                    return Map.of("statusCode", 0);
                }
            }
        }
        return Map.of("statusCode", 10, "statusMessage", "There is no operation " + body.get("operationName") + " at " + path);
    }

    private synchronized void answer(String agent, Operation operation, Map<String, Object> request) {
        posts++;
        last = request;
        int end = operation.notifications().size() - 1;
        List<Runnable> events = new ArrayList<>();
        if (end > 0) {
            for (long n = 1; n <= chain; n++) {
                events.add(event(agent, operation, operation.notifications().get(0), request, n));
            }
        }
        events.add(event(agent, operation, notification == null ? operation.notifications().get(end) : notification, request, 1));
        if (holdAck) {
            held.computeIfAbsent(String.valueOf(request.get("referenceId")), key -> new ArrayDeque<>()).addAll(events);
        } else {
            later.schedule(() -> events.forEach(Runnable::run), ackDelay, TimeUnit.MILLISECONDS);
        }
    }

    private Runnable event(String agent, Operation operation, String type, Map<String, Object> request, long n) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("messageType", operation.messageType());
        data.put("notificationType", type);
        data.put("referenceId", request.get("referenceId"));
        if (operation.messageType().equals(OF_CAMPAIGN)) {
            data.put("campaign", campaign(request));
        } else {
            data.put("record", record(request, type, n));
        }
        return () -> cometd.publish(agent, "/v2/me/outbound", data);
    }

    private static Map<String, Object> campaign(Map<String, Object> request) {
        Map<String, Object> campaign = new LinkedHashMap<>();
        campaign.put("name", request.get("campaignName"));
        campaign.put("dialingMode", "Preview");
        campaign.put("state", "Started");
        campaign.put("applicationId", request.get("applicationId"));
        campaign.put("devicePath", request.get("devicePath"));
        return campaign;
    }

    /** The record of a request, or the nth that is handed out in answer to it, counted from its handle on. */
    private static Map<String, Object> record(Map<String, Object> request, String type, long n) {
        Map<String, Object> record = new LinkedHashMap<>(request);
        record.keySet().retainAll(RECORD_FIELDS);
        if (HANDING_OUT.contains(type)) {
            long handle = number(request, "recordHandle", 0) + n;
            record.put("recordHandle", handle);
            record.put("userData", Map.of("GSW_USER_EVENT", type, "GSW_RECORD_HANDLE", handle, "GSW_CAMPAIGN_NAME", request.get("campaignName")));
        }
        return record;
    }

    private Map<String, Object> control(String verb, Map<?, ?> in) {
        switch (verb) {
            case "set" -> set(in);
            case "ack" -> release(String.valueOf(in.get("referenceId")), number(in, "count", Long.MAX_VALUE)).forEach(Runnable::run);
            case "held" -> {
                synchronized (this) {
                    Queue<Runnable> waiting = held.get(String.valueOf(in.get("referenceId")));
                    return Map.of("held", waiting == null ? 0 : waiting.size());
                }
            }
            case "publish" -> publish(in);
            case "expire" -> cometd.expire((String) in.get("channel"));
            case "sessions" -> {
                return Map.of("sessions", cometd.sessions());
            }
            case "posts" -> {
                synchronized (this) {
                    return Map.of("posts", posts, "last", last);
                }
            }
            default -> throw new IllegalArgumentException("unknown verb " + verb);
        }
        return Map.of();
    }

    private synchronized void set(Map<?, ?> in) {
        ackDelay = number(in, "ackDelayMS", 0);
        chain = number(in, "chain", 0);
        notification = in.get("notification") instanceof String type && !type.isEmpty() ? type : null;
        holdAck = Boolean.TRUE.equals(in.get("holdAck"));
        denyHandshake = Boolean.TRUE.equals(in.get("denyHandshake"));
        denySubscribe = Boolean.TRUE.equals(in.get("denySubscribe"));
    }

    private synchronized List<Runnable> release(String reference, long count) {
        Queue<Runnable> waiting = held.getOrDefault(reference, new ArrayDeque<>());
        List<Runnable> released = new ArrayList<>();
        while (released.size() < count && !waiting.isEmpty()) {
            released.add(waiting.remove());
        }
        if (waiting.isEmpty()) {
            held.remove(reference);
        }
        return released;
    }

    private void publish(Map<?, ?> in) {
        int size = (int) number(in, "size", 0);
        long count = number(in, "count", 1);
        for (long n = 0; n < count; n++) {
            cometd.publish(null, (String) in.get("channel"), Map.of("n", n, "text", text(size, n)));
        }
    }

    /** Text that sockets, which compress, cannot make much shorter: another one for each event. */
    private static String text(int size, long n) {
        StringBuilder text = new StringBuilder(size);
        new Random(n).ints(size, '!', '~' + 1).forEach(c -> text.append(c == '"' || c == '\\' ? 'x' : (char) c));
        return text.toString();
    }

    private static String below(String prefix, String path) {
        return path.startsWith(prefix) ? path.substring(prefix.length()) : null;
    }

    @SuppressWarnings("unchecked") // the names in an object are texts
    private static Map<String, Object> object(String body) {
        return body.isBlank() || body.equals("null") ? Map.of() : (Map<String, Object>) new JSON().fromJSON(body);
    }

    private static long number(Map<?, ?> in, String name, long otherwise) {
        return in.get(name) instanceof Number n ? n.longValue() : otherwise;
    }

    private static String random() {
        byte[] bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
