package interop;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.eclipse.jetty.util.ajax.JSON;

/**
 * What stands beside CometD: as much of the REST API as a completion needs, and
 * the control by tests. It is the same for every line of CometD on Jetty, whose
 * servlets bring the requests.
 */
final class Gws {
    /** What is done through the server's own API. */
    interface CometD {
        /** To the newest session of that agent, or to everybody if it is null. */
        void publish(String agent, String channel, Object data);

        /** Forgets all sessions, as it would when they had expired. */
        void expire();

        int sessions();
    }

    /** An answer in JSON. */
    record Answer(int status, Map<String, Object> body) {
    }

    static final String CSRF_HEADER = "X-CSRF-TOKEN";

    static final String COOKIE = "JSESSIONID";

    private final String login = random(); // of everybody, unless there are agents
    final String csrfToken = random();

    /** What the security policy is to say. */
    volatile boolean denyHandshake;
    volatile boolean denySubscribe;

    private final CometD cometd;
    private final ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "acknowledgements");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, List<Runnable>> held = new HashMap<>(); // guarded by this
    private boolean holdAck; // guarded by this
    private long ackDelay; // ms, guarded by this
    private long posts; // guarded by this

    Gws(CometD cometd) {
        this.cometd = cometd;
    }

    /** Answers a request that is not CometD's; the agent is null where all are one. */
    Answer handle(String agent, String method, String path, String body) {
        try {
            if (method.equals("GET") && path.equals("/api/v2/me")) {
                return ok(Map.of("statusCode", 0));
            }
            String record = below("/api/v2/me/outbound-records/", path);
            if (method.equals("POST") && record != null) {
                complete(agent, Long.parseLong(record), object(body));
                return ok(Map.of("statusCode", 0));
            }
            String verb = below("/control/", path);
            if (method.equals("POST") && verb != null) {
                return ok(control(verb, object(body)));
            }
        } catch (RuntimeException x) {
            return new Answer(400, Map.of("error", x.toString()));
        }
        return new Answer(404, Map.of("error", "nothing here: " + method + " " + path));
    }

    /** The cookie for a sign-in: that of a new agent, or of all. */
    String cookie(boolean agent) {
        return COOKIE + "=" + (agent ? random() : login) + "; Path=/; HttpOnly";
    }

    private synchronized void complete(String agent, long handle, Map<?, ?> request) {
        Map<String, Object> record = new LinkedHashMap<>();
        for (String field : List.of("campaignName", "devicePath", "callingList", "applicationId")) {
            record.put(field, request.get(field));
        }
        record.put("recordHandle", handle);
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("messageType", "OutboundRecordMessage");
        event.put("notificationType", "RecordProcessedAcknowledge");
        event.put("referenceId", request.get("referenceId"));
        event.put("record", record);
        posts++;
        Runnable acknowledge = () -> cometd.publish(agent, "/v2/me/outbound", event);
        if (holdAck) {
            held.computeIfAbsent(String.valueOf(request.get("referenceId")), key -> new ArrayList<>()).add(acknowledge);
        } else {
            later.schedule(acknowledge, ackDelay, TimeUnit.MILLISECONDS);
        }
    }

    private Map<String, Object> control(String verb, Map<?, ?> in) {
        switch (verb) {
            case "set" -> set(in);
            case "ack" -> release(String.valueOf(in.get("referenceId"))).forEach(Runnable::run);
            case "publish" -> publish(in);
            case "expire" -> cometd.expire();
            case "sessions" -> {
                return Map.of("sessions", cometd.sessions());
            }
            case "posts" -> {
                synchronized (this) {
                    return Map.of("posts", posts);
                }
            }
            default -> throw new IllegalArgumentException("unknown verb " + verb);
        }
        return Map.of();
    }

    private synchronized void set(Map<?, ?> in) {
        ackDelay = number(in, "ackDelayMS", 0);
        holdAck = Boolean.TRUE.equals(in.get("holdAck"));
        denyHandshake = Boolean.TRUE.equals(in.get("denyHandshake"));
        denySubscribe = Boolean.TRUE.equals(in.get("denySubscribe"));
    }

    private synchronized List<Runnable> release(String reference) {
        List<Runnable> waiting = held.remove(reference);
        return waiting == null ? List.of() : waiting;
    }

    private void publish(Map<?, ?> in) {
        String text = "x".repeat((int) number(in, "size", 0));
        long count = number(in, "count", 1);
        for (long n = 0; n < count; n++) {
            cometd.publish(null, (String) in.get("channel"), Map.of("n", n, "text", text));
        }
    }

    private static Answer ok(Map<String, Object> body) {
        return new Answer(200, body);
    }

    private static String below(String prefix, String path) {
        return path.startsWith(prefix) ? path.substring(prefix.length()) : null;
    }

    private static Map<?, ?> object(String body) {
        return body.isBlank() ? Map.of() : (Map<?, ?>) new JSON().fromJSON(body);
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
