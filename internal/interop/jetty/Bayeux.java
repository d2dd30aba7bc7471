package interop;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.ServerChannel;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;
import org.cometd.server.BayeuxServerImpl;
import org.cometd.server.DefaultSecurityPolicy;
import org.cometd.server.ext.AcknowledgedMessagesExtension;
import org.eclipse.jetty.server.Server;

/** The CometD server, without what differs from line to line: see the class Line of each. */
abstract class Bayeux implements Gws.CometD {
    static final String PATH = "/api/v2/notifications/*";

    final BayeuxServerImpl server = new BayeuxServerImpl();
    private final Map<String, Set<ServerSession>> agents = new ConcurrentHashMap<>(); // by cookie

    Bayeux(Options options) {
        server.setOption("timeout", options.timeout);
        server.setOption("maxInterval", options.maxInterval);
        server.setOption("sweepPeriod", "200");
        server.setOption("maxSessionsPerBrowser", options.maxSessionsPerBrowser);
        server.setOption("ws.cometdURLMapping", PATH);
        if (options.ack) {
            server.addExtension(new AcknowledgedMessagesExtension());
        }
    }

    /** Adds CometD, and GWS beside it, to a server that has not started yet. */
    abstract void serve(Server jetty, Gws gws) throws Exception;

    /** Sends to the subscribers of a channel. */
    abstract void publish(ServerChannel channel, Object data);

    /** Sends to one session. */
    abstract void deliver(ServerSession session, String channel, Object data);

    abstract void onRemoved(ServerSession session, Runnable then);

    /** The value of a cookie that came with a message; null without one. */
    abstract String cookie(ServerMessage message, String name);

    /** Has the server admit whom the tests admit. */
    final void obey(Gws gws) {
        server.setSecurityPolicy(new Policy(gws));
    }

    @Override
    public final void publish(String agent, String channel, Object data) {
        if (agent == null) {
            publish(server.createChannelIfAbsent(channel).getReference(), data);
            return;
        }
        for (ServerSession session : agents.getOrDefault(agent, Set.of())) {
            deliver(session, channel, data);
        }
    }

    @Override
    public final void expire(String channel) {
        for (ServerSession session : server.getSessions()) {
            if (channel == null || session.getSubscriptions().stream().anyMatch(to -> to.getId().equals(channel))) {
                server.removeServerSession(session, true);
            }
        }
    }

    @Override
    public final int sessions() {
        return server.getSessions().size();
    }

    private void add(String agent, ServerSession session) {
        agents.compute(agent, (key, sessions) -> {
            Set<ServerSession> all = sessions == null ? ConcurrentHashMap.newKeySet() : sessions;
            all.add(session);
            return all;
        });
        onRemoved(session, () -> agents.computeIfPresent(agent, (key, sessions) -> {
            sessions.remove(session);
            return sessions.isEmpty() ? null : sessions;
        }));
    }

    private final class Policy extends DefaultSecurityPolicy {
        private final Gws gws;

        private Policy(Gws gws) {
            this.gws = gws;
        }

        @Override
        public boolean canHandshake(BayeuxServer server, ServerSession session, ServerMessage message) {
            if (session.isLocalSession()) {
                return true;
            }
            String agent = gws.agents ? cookie(message, Gws.COOKIE) : null;
            if (agent != null) {
                add(agent, session);
            }
            return !gws.denyHandshake;
        }

        @Override
        public boolean canSubscribe(BayeuxServer server, ServerSession session, ServerChannel channel, ServerMessage message) {
            return session.isLocalSession() || !gws.denySubscribe;
        }
    }
}
